extension RegularExpression {
    /// The limits every pattern is held to; exceeding one is a ``RegularExpressionError``.
    public enum Limits {
        /// The longest pattern, in UTF-8 bytes.
        public static let patternBytesMax = 131_072

        /// The deepest nesting of groups, and the greatest height of the syntax tree.
        public static let nestingDepthMax = 1_000

        /// The largest count in `{n,m}`, and the largest product of nested counts.
        public static let repeatCountMax = 1_000

        /// The largest program, in instructions plus byte-range transitions, after repeats are expanded.
        public static let programUnitsMax = 500_000

        /// The most character class ranges a pattern's classes may hold together.
        public static let classRangesMax = 1_000_000

        /// The largest product of consuming instructions and capture slots: bounds the memory of one capture search.
        public static let captureCellsMax = 16_000_000

        /// The most strings ``RegularExpression/literalSet`` reports.
        public static let literalSetCountMax = 256

        /// The memory of one lazily built automaton, in bytes; it is flushed and rebuilt when full.
        public static let automatonBytesMax = 2_097_152

        /// The most automata one expression keeps for concurrent callers besides its first one.
        public static let automataKeptMax = 4
    }
}

/// Limits of the analysis that only make matching faster; exceeding one just means the general engine is used.
enum AnalysisLimits {
    /// The most strings of an exact-match set.
    static let exactStringsMax = 16_384

    /// The most scalars of all strings of an exact-match set together.
    static let exactScalarsMax = 262_144
}
