#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Functions from number to number.
enum ElementFunctions {
    static func function(_ name: FunctionName) -> ((Double) -> Double)? {
        switch name {
        case .abs: return { $0.magnitude }
        case .ceil: return { $0.rounded(.up) }
        case .floor: return { $0.rounded(.down) }
        case .sqrt: return { $0 < 0 ? .nan : $0.squareRoot() }
        case .exp: return { exp($0) }
        case .ln: return { $0 < 0 ? .nan : log($0) }
        case .log2: return { $0 < 0 ? .nan : log2($0) }
        case .log10: return { $0 < 0 ? .nan : log10($0) }
        case .sgn: return { $0 < 0 ? -1 : $0 > 0 ? 1 : $0 }
        case .deg: return { $0 * 180 / Double.pi }
        case .rad: return { $0 * Double.pi / 180 }
        default: return trigonometric(name)
        }
    }

    private static func trigonometric(_ name: FunctionName) -> ((Double) -> Double)? {
        switch name {
        case .sin: return { sin($0) }
        case .cos: return { cos($0) }
        case .tan: return { tan($0) }
        case .asin: return { asin($0) }
        case .acos: return { acos($0) }
        case .atan: return { atan($0) }
        case .sinh: return { sinh($0) }
        case .cosh: return { cosh($0) }
        case .tanh: return { tanh($0) }
        case .asinh: return { asinh($0) }
        case .acosh: return { acosh($0) }
        case .atanh: return { atanh($0) }
        default: return nil
        }
    }

    /// The lesser of two numbers as Go's `math.Min`: infinity beats NaN, -0 is less than 0.
    static func lesser(_ left: Double, _ right: Double) -> Double {
        if left == -.infinity || right == -.infinity { return -.infinity }
        if left.isNaN || right.isNaN { return .nan }
        if left == 0 && right == 0 { return left.sign == .minus ? left : right }
        return left < right ? left : right
    }

    /// The greater of two numbers as Go's `math.Max`.
    static func greater(_ left: Double, _ right: Double) -> Double { -lesser(-left, -right) }

    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

    static func arcTangent(_ y: Double, _ x: Double) -> Double { atan2(y, x) }
}
