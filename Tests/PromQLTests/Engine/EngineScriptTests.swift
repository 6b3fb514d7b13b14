import PromQL
import Testing

/// The engine's behaviour in its own test scripts.
@Suite struct EngineScriptTests {
    private func holds(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let report = ScriptRunner().run(script)
        #expect(report.isPassed, "\(report.problems + report.failures)", sourceLocation: sourceLocation)
        #expect(report.passed > 0, sourceLocation: sourceLocation)
    }

    @Test func lookbackIsOpenOnTheLeft() {
        holds(
            """
            load 1m
                m 1 _ _ _ _ _ _

            eval instant at 4m59s999ms m
                m 1

            eval instant at 5m m
            """
        )
    }

    @Test func rangesAreOpenOnTheLeft() {
        holds(
            """
            load 1m
                m 1 2 3 4

            eval instant at 3m count_over_time(m[1m])
                {} 1

            eval instant at 3m sum_over_time(m[2m1ms])
                {} 9
            """
        )
    }

    @Test func staleMarkersEndSeries() {
        holds(
            """
            load 1m
                m 1 2 stale _ 5

            eval range from 0 to 4m step 1m m
                m 1 2 _ _ 5

            eval instant at 4m count_over_time(m[5m])
                {} 3
            """
        )
    }

    @Test func countersAreNotExtendedBelowZero() {
        holds(
            """
            load 30s
                from_zero_total 0+10x10
                from_far_total 1000+10x10

            eval instant at 5m increase(from_zero_total[5m])
                {} 100

            eval instant at 5m increase(from_far_total[5m])
                {} 100

            eval instant at 1m10s increase(from_zero_total[5m])
                {} 23.333333333333336
            """
        )
    }

    @Test func duplicatesOnOneSideAreFoundStepByStep() {
        holds(
            """
            load 1m
                left{x="1"} 1 1 1 1
                right{x="1", y="1"} 1 1 _ _
                right{x="1", y="2"} _ _ stale 1
                right{x="1", y="1"} 1 1 stale _

            eval range from 0 to 3m step 1m left + on (x) right
                {x="1"} 2 2 _ 2

            clear

            load 1m
                left{x="1"} 1 1
                right{x="1", y="1"} 1 1
                right{x="1", y="2"} _ 1

            eval range from 0 to 0 step 1m left + on (x) right
                {x="1"} 2

            eval range from 0 to 1m step 1m left + on (x) right
                expect fail regex: found duplicate series for the match group \\{x="1"\\} on the right hand-side

            eval range from 0 to 1m step 1m right + on (x) left
                expect fail msg: multiple matches for labels: many-to-one matching must be \
            explicit (group_left/group_right)
            """
        )
    }

    @Test func namesComeTogetherWhenTheyAreDropped() {
        holds(
            """
            load 1m
                a{x="1"} 1 stale
                b{x="1"} _ 2

            eval range from 0 to 1m step 1m -{x="1"}
                {x="1"} -1 -2

            eval range from 0 to 1m step 1m a + 1 or b + 1
                {x="1"} 2 3
            """
        )
    }

    @Test func kahanSumsAreExact() {
        holds(
            """
            load 1m
                m{x="1"} 5e100
                m{x="2"} 1
                m{x="3"} -5e100

            eval instant at 0 sum(m)
                {} 1

            eval instant at 0 avg(m)
                {} 0.3333333333333333
            """
        )
    }

    @Test func naturalOrderOfLabels() {
        holds(
            """
            load 1m
                m{v="a10"} 1
                m{v="a2"} 2
                m{v="a2b"} 3
                m{v="b"} 4

            eval instant at 0 sort_by_label(m, "v")
                expect ordered
                m{v="a2"} 2
                m{v="a2b"} 3
                m{v="a10"} 1
                m{v="b"} 4
            """
        )
    }

    @Test func errorsOfParametersAreNamed() {
        holds(
            """
            load 1m
                m 1 2 3

            eval instant at 1m topk(NaN, m)
                expect fail msg: Parameter value is NaN

            eval instant at 1m topk(1e30, m)
                expect fail msg: Scalar value 1e+30 overflows int64

            eval instant at 2m double_exponential_smoothing(m[5m], 1, 0.5)
                expect fail msg: invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000

            eval instant at 2m label_replace(m, "x", "y", "z", "(")
                expect fail msg: invalid regular expression in label_replace(): (
            """
        )
    }
}
