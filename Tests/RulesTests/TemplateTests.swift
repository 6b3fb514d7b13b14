import Basics
import ChaosTesting
import MetricModel
import Testing

@testable import Rules

/// The template language, by example.
struct TemplateTests {
    private func expand(_ text: String, limits: TemplateLimits = TemplateLimits()) -> String {
        let labels: Labels = ["instance": "db-1:9100", "job": "db"]
        let data = AlertTemplate.data(
            labels: labels,
            value: 1_234_567,
            externalLabels: ["zone": "eu"],
            externalURL: "http://x"
        )
        let context = TemplateContext(now: Timestamp(milliseconds: 0), externalURL: "http://x/k") { query in
            if query == "bad" { throw TemplateError("no such thing") }
            return [
                TemplateSample(labels: ["n": "a10"], value: 10), TemplateSample(labels: ["n": "a2"], value: 2),
            ]
        }
        do {
            return try Template(text, name: "t", variables: AlertTemplate.variables, limits: limits)
                .expand(data.dot, variables: data.variables, context: context)
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("plain", "plain"),
        ("{{ $labels.instance }} {{ .Labels.job }} {{ $.Labels.job }} {{ $labels.none }}|", "db-1:9100 db db |"),
        ("{{ $value }} {{ $externalLabels.zone }} {{ $externalURL }}", "1.234567e+06 eu http://x"),
        ("a {{- 1 -}} b", "a1b"),
        ("{{ if eq $labels.job \"db\" }}yes{{ else }}no{{ end }}", "yes"),
        ("{{ if gt $value 2e6 }}a{{ else if lt $value 1.0 }}b{{ else }}c{{ end }}", "c"),
        ("{{ with $x := 5 }}{{ $x }}{{ . }}{{ end }}", "55"),
        ("{{ range $i, $s := query \"q\" | sortByLabel \"n\" }}{{ $i }}={{ $s.Value }} {{ end }}", "0=2 1=10 "),
        ("{{ range query \"q\" }}{{ if eq .Value 2.0 }}{{ break }}{{ end }}{{ .Labels.n }}{{ end }}", "a10"),
        ("{{ range $labels }}{{ else }}none{{ end }}", ""),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ define \"n\" }}<{{ . }}>{{ end }}{{ template \"n\" $labels.job }}", "<db>"),
        ("{{ block \"b\" 3 }}[{{ . }}]{{ end }}", "[3]"),
        (
            "{{ printf \"%5.1f|%-4d|%04d|%x|%q|%v|%t|%%\" 3.14159 7 42 255 \"a\\\"b\" \"v\" true }}",
            "  3.1|7   |0042|ff|\"a\\\"b\"|v|true|%"
        ),
        (
            "{{ printf \"%d\" \"x\" }} {{ printf \"%s %s\" \"a\" }} {{ printf \"a\" 1 }}",
            "%!d(string=x) a %!s(MISSING) a%!(EXTRA int=1)"
        ),
        ("{{ and 1 0 }} {{ or 0 \"x\" }} {{ not 0 }} {{ len \"abc\" }} {{ index $labels \"job\" }}", "0 x true 3 db"),
        (
            "{{ reReplaceAll \"(d)b\" \"${1}c\" $labels.job }} {{ match \"^d\" \"db\" }} {{ urlQueryEscape \"a b&c\" }}",
            "dc true a+b%26c"
        ),
        ("{{ $labels.instance | stripPort | toUpper }} {{ tableLink \"up\" }}", "DB-1 /graph?g0.expr=up&g0.tab=1"),
        ("{{ (0 | toTime).Year }} {{ (90 | toDuration).Minutes }} {{ (now | toTime).Weekday }}", "1970 1.5 Thursday"),
        ("{{/* comment */}}x{{- /* more */ -}} y", "xy"),
        ("{{ humanizeTimestamp 0 }}", "1970-01-01 00:00:00 +0000 UTC"),
    ])
    func expands(_ text: String, _ expected: String) {
        #expect(expand(text) == expected)
    }

    @Test(arguments: [
        ("{{ $label.x }}", "template: t:1: undefined variable \"$label\""),
        ("\n{{ $labels.q * 100 }}", "template: t:2: unexpected \"*\" in operand"),
        ("{{ nope 1 }}", "template: t:1: function \"nope\" not defined"),
        ("{{ html 1 }}", "template: t:1: function \"html\" not defined"),
        ("{{ if 1 }}", "template: t:1: unexpected EOF"),
        ("{{ end }}", "template: t:1: unexpected {{end}}"),
        ("{{ 1", "template: t:1: unclosed action"),
        ("{{ (1 }}", "template: t:1: unclosed left paren"),
        ("{{ }}", "template: t:1: missing value for command"),
        ("{{ break }}", "template: t:1: {{break}} outside {{range}}"),
        ("{{ \"a }}", "template: t:1: unterminated quoted string"),
        ("{{ 1 | 2 }}", "template: t:1: non executable command in pipeline stage 2"),
        ("{{ 12x }}", "template: t:1: bad number syntax: \"12x\""),
    ])
    func refusesWhenRead(_ text: String, _ expected: String) {
        #expect(expand(text) == expected)
    }

    @Test(arguments: [
        ("{{ query \"bad\" }}", "error calling query: no such thing"),
        ("{{ eq 1 1.0 }}", "error calling eq: incompatible types for comparison"),
        ("{{ humanize }}", "wrong number of args for humanize: want 1 got 0"),
        ("{{ match 1 \"a\" }}", "expected string; found 1"),
        ("{{ template \"x\" }}", "template \"x\" not defined"),
        (
            "{{ define \"r\" }}{{ template \"r\" }}{{ end }}{{ template \"r\" }}",
            "exceeded maximum template depth (100)"
        ),
        ("{{ range 1000000 }}{{ end }}", "more than 100000 passes through range"),
        ("{{ printf \"%99999d\" 1 }}", "a width exceeds 10000"),
        ("{{ $labels.a.b }}", "can't evaluate field b in type string"),
        ("{{ index (query \"q\") 5 }}", "index out of range: 5"),
    ])
    func failsWhenExpanded(_ text: String, _ part: String) {
        #expect(expand(text).hasPrefix("error executing template t: template: t:1:"))
        #expect(expand(text).contains(part))
    }

    @Test func outputIsBounded() {
        var limits = TemplateLimits()
        limits.outputBytesMax = 10
        #expect(expand("{{ range 11 }}a{{ end }}", limits: limits).contains("exceeds 10 bytes"))
        #expect(expand("{{ range 10 }}a{{ end }}", limits: limits) == "aaaaaaaaaa")
    }

    @Test func nestingIsBounded() {
        let deep = String(repeating: "(", count: 500) + "1" + String(repeating: ")", count: 500)
        #expect(expand("{{ \(deep) }}").contains("nested more than 100 deep"))
        #expect(expand(String(repeating: "{{if 1}}", count: 500)).contains("nested more than 100 deep"))
    }

    /// Values that cost more than they look: deep ones, wide ones, extreme ones.
    @Test(arguments: [
        ("{{ $x := 1 }}{{ range 90000 }}{{ $x = args $x }}{{ end }}", "values nested more than 100 deep"),
        ("{{ $x := args \"aaaa\" }}{{ range 90 }}{{ $x = args $x $x }}{{ end }}", "more than 1000000 steps"),
        (
            "{{ $x := args 1 }}{{ range 16 }}{{ $x = args $x $x }}{{ end }}{{ $x }}",
            "the expansion exceeds 1048576 bytes"
        ),
        (
            "{{ $x := args 1 }}{{ range 16 }}{{ $x = args $x $x }}{{ end }}{{ len (print $x) }}",
            "error calling print: the text exceeds 1048576 bytes"
        ),
        (
            "{{ $x := args 1 }}{{ range 16 }}{{ $x = args $x $x }}{{ end }}{{ len (println $x) }}",
            "error calling println: the text exceeds 1048576 bytes"
        ),
        (
            "{{ $x := args 1 }}{{ range 16 }}{{ $x = args $x $x }}{{ end }}{{ len (printf \"%v\" $x) }}",
            "error calling printf: the text exceeds 1048576 bytes"
        ),
        (
            "{{ $x := args 1 }}{{ range 16 }}{{ $x = args $x $x }}{{ end }}{{ len (printf \"\" $x) }}",
            "error calling printf: the text exceeds 1048576 bytes"
        ),
        ("{{ $x := args 1 }}{{ range 16 }}{{ $x = args $x $x }}{{ end }}{{ eq $x 1 }}", "non-comparable type map["),
    ])
    func costlyValuesAreRefused(_ text: String, _ part: String) {
        let result = expand(text)
        #expect(result.contains(part), "\(result.prefix(200))")
        #expect(result.utf8.count < 4096)
    }

    @Test func paddingIsBounded() {
        var limits = TemplateLimits()
        limits.outputBytesMax = 1000
        #expect(expand("{{ printf \"%999d\" 1 }}", limits: limits).utf8.count == 999)
        #expect(expand("{{ printf \"%999d%2d\" 1 1 }}", limits: limits).contains("the text exceeds 1000 bytes"))
        // Each of the two samples is padded.
        #expect(expand("{{ printf \"%400v\" (query \"q\") }}", limits: limits).utf8.count == 803)
        #expect(expand("{{ printf \"%900v\" (query \"q\") }}", limits: limits).contains("the text exceeds 1000 bytes"))
    }

    @Test func extremeTimesHaveParts() {
        let first = "(-9223372036.854775 | toTime)"
        #expect(expand("{{ \(first).UnixMicro }}") == "-9223372036854000")
        #expect(expand("{{ (-9223372036.8547 | toDuration).Truncate (1 | toDuration) }}") == "-2562047h47m16s")
        #expect(expand("{{ \(first).Nanosecond }}") == "146000000")
        #expect(expand("{{ (-0.25 | toTime).Nanosecond }} {{ (-0.25 | toTime).UnixMicro }}") == "750000000 -250000")
        #expect(expand("{{ (-0.25 | toTime).Unix }} {{ (1.5 | toTime).UnixMicro }}") == "-1 1500000")
    }

    @Test func theVeryFirstTimeHasParts() throws {
        func f(_ name: String, _ expected: String) throws {
            let template = try Template("{{ .\(name) }}", name: "t")
            let context = TemplateContext(now: Timestamp(milliseconds: 0), externalURL: "")
            #expect(try template.expand(.time(.min), context: context) == expected)
        }
        try f("UnixMicro", "-9223372036854776")
        try f("Nanosecond", "145224192")
        try f("Unix", "-9223372037")
        try f("UnixNano", "-9223372036854775808")
    }

    /// Random text never traps, whatever it is.
    @Test(arguments: Chaos.seeds(0...19)) func randomTextIsHandled(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let parts = [
            "{{", "}}", "{{-", "-}}", " ", "if", "range", "end", "else", "$x", ":=", ".", ".F", "(", ")", "|", "\"a\"",
            "1", "0x", "'c'", "`r`", "printf", "query", "first", "define", "template", ",", "\n", "é", "/*", "*/",
            "index",
        ]
        for _ in 0..<200 {
            let text = (0..<Int.random(in: 1..<12, using: &generator))
                .map { _ in parts[Int.random(in: 0..<parts.count, using: &generator)] }.joined()
            _ = expand(text)
            _ = expand("{{" + text + "}}")
        }
    }
}
