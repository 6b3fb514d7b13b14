import APIModel

/// The shapes of the Prometheus API's answers.
enum PrometheusSchemas {
    /// A successful answer's envelope.
    static func success(_ data: JSONSchema) -> JSONSchema {
        .object([
            .required("status", .oneOf(["success"])),
            .required("data", data),
            .optional("warnings", texts, "What may make the answer wrong or partial."),
            .optional("infos", texts, "What the caller should know."),
        ])
    }

    /// An error's envelope.
    static let error = JSONSchema.named(
        "PrometheusError",
        .object([
            .required("status", .oneOf(["error"])),
            .required("errorType", .oneOf(PrometheusEnvelope.ErrorType.self)),
            .required("error", .string()),
        ])
    )

    static let texts = JSONSchema.unboundedArray(of: .string())
    static let labels = JSONSchema.dictionary(.string(), countMax: .max)
    static let series = JSONSchema.unboundedArray(of: labels)

    /// Seconds since the Unix epoch, and the value as text.
    private static let point = JSONSchema.array(of: .anyOf([.number(nil), .string()]), count: 2...2)

    static let query = JSONSchema.named(
        "PrometheusQueryData",
        .object([
            .required("resultType", .oneOf(["scalar", "string", "vector", "matrix"])),
            .required(
                "result",
                .anyOf([
                    .unboundedArray(of: .object([.required("metric", labels), .required("value", point)])),
                    .unboundedArray(
                        of: .object([.required("metric", labels), .required("values", .unboundedArray(of: point))])
                    ),
                    point,
                ]),
                "A list of series with a value or with values; for a scalar or a string one point."
            ),
            .optional("stats", statistics, "When the parameter stats asks for them."),
        ])
    )

    private static let statistics = JSONSchema.named(
        "PrometheusQueryStatistics",
        .object([
            .required(
                "timings",
                .object([
                    .required("execQueueTime", .number(nil), "Seconds that the query waited."),
                    .required("evalTotalTime", .number(nil), "Seconds that the evaluation took."),
                    .required("execTotalTime", .number(nil), "Seconds of both."),
                ])
            ),
            .required(
                "samples",
                .object([
                    .required("samplesRead", .integer(), "Stored samples that were read, each once."),
                    .required("peakSamples", .integer(), "The most samples in memory at a time."),
                ])
            ),
        ])
    )

    static let exemplars = JSONSchema.array(of: .anything, count: 0...0)

    static let metadata = JSONSchema.dictionary(
        .unboundedArray(
            of: .object([.required("type", .string()), .required("help", .string()), .required("unit", .string())])
        ),
        countMax: .max
    )

    static let build = JSONSchema.object(
        ["version", "branch", "revision", "buildUser", "buildDate", "goVersion"].map { .required($0, .string()) }
    )

    // MARK: Rules

    private static let alert = JSONSchema.named(
        "PrometheusAlert",
        .object([
            .required("labels", labels),
            .required("annotations", labels),
            .required("state", .string()),
            .required("activeAt", .string(format: .dateTime)),
            .optional("keepFiringSince", .string(format: .dateTime)),
            .required("value", .string()),
        ])
    )

    static let alerts = JSONSchema.object([.required("alerts", .unboundedArray(of: alert))])

    private static let rule = JSONSchema.named(
        "PrometheusRule",
        .object([
            .optional("state", .string(), "Of alerting rules."),
            .required("name", .string()),
            .required("query", .string()),
            .optional("duration", .number(nil), "Seconds; of alerting rules."),
            .optional("keepFiringFor", .number(nil), "Seconds; of alerting rules."),
            .required("labels", labels),
            .optional("annotations", labels, "Of alerting rules."),
            .optional("alerts", .unboundedArray(of: alert), "Of alerting rules."),
            .required("health", .string()),
            .optional("lastError", .string()),
            .required("evaluationTime", .number(nil), "Seconds."),
            .required("lastEvaluation", .string(format: .dateTime)),
            .required("type", .oneOf(["alerting", "recording"])),
        ])
    )

    static let rules = JSONSchema.object([
        .required(
            "groups",
            .unboundedArray(
                of: .object([
                    .required("name", .string()),
                    .required("file", .string()),
                    .required("rules", .unboundedArray(of: rule)),
                    .required("interval", .number(nil), "Seconds."),
                    .required("limit", .integer()),
                    .required("evaluationTime", .number(nil), "Seconds."),
                    .required("lastEvaluation", .string(format: .dateTime)),
                ])
            )
        ),
        .optional("groupNextToken", .string(), "Where the next page begins; left out on the last page."),
    ])
}
