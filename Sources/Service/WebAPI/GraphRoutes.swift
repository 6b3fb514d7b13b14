import APIModel
package import HTTP
import HTTPTypes

/// The addresses that Prometheus has for its expression browser and alerts: links in notifications (`generatorURL`) and those
/// that templates make lead there, and go on to the dashboard's pages.
package struct GraphRoutes: Sendable {
    package init() {}

    package var routes: [Route] {
        [
            redirect(
                "/graph",
                "The query page with the expression of a link as Prometheus makes it.",
                [
                    .query("g0.expr", .string(0...65_536), "The expression."),
                    .query("g0.tab", .string(0...32), "1 or table for the table, anything else for the chart."),
                ]
            ) { request in
                guard let expression = request.parameters.string("g0.expr"), !expression.isEmpty else { return "query" }
                let isTable = ["1", "table"].contains(request.parameters.string("g0.tab"))
                return "query?expr=\(Self.escaped(expression))" + (isTable ? "&tab=table" : "")
            },
            redirect("/alerts", "The page of alerts.", []) { _ in "alerts" },
        ]
    }

    private func redirect(
        _ path: String,
        _ summary: String,
        _ parameters: [Parameter],
        to view: @escaping @Sendable (RouteRequest) -> String
    ) -> Route {
        Route(
            .get,
            path,
            access: .everyone,
            summary: summary,
            tag: "dashboard",
            parameters: parameters,
            unknownQuery: .ignored,
            responses: [ResponseRule(302, "To the page.")]
        ) { request in
            // Relative, so that a proxy's prefix stays.
            RouteResponse(status: .found, headers: [.location: "./#/\(view(request))"])
        }
    }

    /// A text for the query of the page's address, percent-encoded whole.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default: escaped += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return escaped
    }
}
