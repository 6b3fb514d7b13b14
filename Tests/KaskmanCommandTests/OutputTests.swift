import JSON
import Testing

@testable import kaskman

@Suite("Output")
struct OutputTests {
    @Test("A chart of a line that rises, with a gap")
    func chart() {
        let points = (0...20).filter { $0 != 10 && $0 != 11 }.map { (time: Double($0) * 60, value: Double($0)) }
        let chart = RangeChart([.init(name: "up", points: points)], from: 0, through: 1200, step: 60)
        #expect(
            chart.text(width: 80, height: 24, isColored: false) == """
                20 ┤                                                                      ⢀⣀⠤⠒⠉
                   │                                                                  ⢀⡠⠔⠊⠁
                   │                                                             ⢀⣀⠤⠔⠊⠁
                   │                                                         ⢀⡠⠔⠊⠁
                   │                                                     ⣀⠤⠔⠊⠁
                   │                                                ⣀⡠⠔⠊⠉
                   │                                            ⢀⠤⠒⠉
                   │
                10 ┤
                   │                               ⣀⠤⠒
                   │                          ⢀⡠⠔⠊⠉
                   │                      ⣀⡠⠔⠊⠁
                   │                 ⢀⡠⠔⠊⠉
                   │             ⣀⡠⠔⠊⠁
                   │        ⢀⡠⠔⠒⠉
                   │    ⣀⠤⠒⠉⠁
                 0 ┤⣀⠤⠒⠉
                   └───────────────────────────────────────────────────────────────────────────
                    00:00:00                                                       00:20:00 UTC
                ● up  20

                """
        )
    }

    @Test(
        "Axis numbers have four digits",
        arguments: [
            (0, "0"), (1, "1"), (-2.5, "-2.5"), (123_456, "123500"), (0.000123456, "0.0001235"), (9999.6, "10000"),
            (1.0 / 3, "0.3333"),
        ] as [(Double, String)]
    )
    func axisNumbers(value: Double, text: String) {
        #expect(RangeChart.number(value) == text)
    }

    @Test(
        "Charts of strange values do not trap",
        arguments: [
            [.nan], [.infinity, 1], [-Double.greatestFiniteMagnitude, Double.greatestFiniteMagnitude], [0, 0],
            [Double.leastNonzeroMagnitude], [],
        ] as [[Double]]
    )
    func strange(values: [Double]) {
        let points = values.enumerated().map { (time: Double($0.offset), value: $0.element) }
        let chart = RangeChart([.init(name: "x", points: points)], from: 0, through: 0, step: 1)
        let text = chart.text(width: 0, height: 0, isColored: true)
        #expect(text.hasSuffix("\n"))
        #expect(values.contains(where: \.isFinite) == (text != "no data\n"))
    }

    @Test("More series than fit are counted")
    func manySeries() {
        let series = (0..<15).map { RangeChart.Series(name: "s\($0)", points: [(0, Double($0))]) }
        let text = RangeChart(series, from: 0, through: 60, step: 60).text(width: 60, height: 24, isColored: true)
        #expect(text.contains("s11") && !text.contains("s12") && text.hasSuffix("and 3 more series, not drawn\n"))
        #expect(text.contains("\u{1b}[36m●\u{1b}[0m s0"))
    }

    @Test(
        "Lengths of time",
        arguments: [
            (0, "0s"), (59.9, "59s"), (312, "5m 12s"), (3600, "1h"), (273_600, "3d 4h"), (-1, ""), (.nan, ""),
        ] as [(Double, String)]
    )
    func durations(seconds: Double, text: String) {
        #expect(DurationText.text(seconds) == text)
    }

    @Test(
        "YAML quotes what it would take for something else",
        arguments: [
            (#""a b""#, "a b\n"), (#""yes""#, "\"yes\"\n"), (#""1""#, "\"1\"\n"), (#""""#, "\"\"\n"),
            (#""a: b""#, "\"a: b\"\n"),
            (#""- a""#, "\"- a\"\n"), (#""a ""#, "\"a \"\n"), ("[]", "[]\n"), ("[[1,2],{}]", "- - 1\n  - 2\n- {}\n"),
            (#"{"a":[{"b":1,"c":[2]}]}"#, "a:\n  - b: 1\n    c:\n      - 2\n"), (#"{"no":null}"#, "\"no\": null\n"),
        ]
    )
    func yaml(json: String, text: String) throws {
        #expect(YAMLText.document(try JSONValue(parsing: json)) == text)
    }
}
