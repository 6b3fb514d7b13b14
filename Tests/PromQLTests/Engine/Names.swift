import PromQL

/// Foundation has an `Expression` too.
typealias Expression = PromQL.Expression
