import APIModel
import HTTPTypes
import JSON
import Testing

@testable import HTTP

struct OpenAPITests {
    @Test("the document of two routes")
    func golden() throws {
        let thing = JSONSchema.named("Thing", .object([.required("id", .string(format: .uuid))]))
        let routes = [
            wordRoute(
                .get,
                "/api/v1/things/{id}",
                access: .requires(Permission(rawValue: "things.read")),
                parameters: [.path("id", .string(format: .uuid)), .query("limit", .integer(1...9), "How many.")],
                responses: [ResponseRule(200, "The thing.", json: thing)]
            ),
            wordRoute(
                .post,
                "/api/v1/things",
                body: .json(thing),
                responses: [ResponseRule(201, "Made.", json: thing), ResponseRule(204, "Nothing.")]
            ),
        ]
        let document = OpenAPIDocument(title: "T", version: "1", routes: routes)
        let json = try JSONValue(parsing: JSONWriter.bytes(of: document))
        func f(_ path: [String], _ expected: String) {
            var value: JSONValue? = json
            for name in path { value = value?[name] }
            let text = value.map { String(decoding: JSONWriter.bytes(of: $0), as: UTF8.self) }
            #expect(text == expected, "\(path)")
        }
        f(["openapi"], "\"3.1.0\"")
        f(
            ["paths", "/api/v1/things/{id}"],
            ##"{"get":{"operationId":"get_api_v1_things_id","summary":"A word.","tags":["words"],"##
                + ##""security":[{"bearer":[]},{"basic":[]}],"x-permission":"things.read","x-rate-class":"standard","##
                + ##""parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string","format":"uuid"}},"##
                + ##"{"name":"limit","in":"query","required":false,"description":"How many.","##
                + ##""schema":{"type":"integer","format":"int64","minimum":1,"maximum":9}}],"##
                + ##""responses":{"200":{"description":"The thing.","content":{"application/json":"##
                + ##"{"schema":{"$ref":"#/components/schemas/Thing"}}}},"##
                + problem("400", "The request is malformed. A parameter is not valid.") + ","
                + problem("401", "Authentication is required.") + ","
                + problem("403", "Access is not permitted.") + ","
                + problem("406", "No acceptable representation.") + ","
                + problem("429", "Too many requests.") + ","
                + problem("500", "The server failed.") + ","
                + problem("503", "The service is not available. The server took too long.") + ","
                + problem("default", "A problem (RFC 9457) of the request as a whole: its head is late or too large.")
                + "}}}"
        )
        f(
            ["paths", "/api/v1/things", "post", "requestBody"],
            ##"{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}}}"##
        )
        f(["paths", "/api/v1/things", "post", "security"], "[]")
        f(["paths", "/api/v1/things", "post", "responses", "204"], #"{"description":"Nothing."}"#)
        f(
            ["components", "schemas", "Thing"],
            #"{"type":"object","properties":{"id":{"type":"string","format":"uuid"}},"required":["id"],"additionalProperties":false}"#
        )
        #expect(json["components"]?["schemas"]?["Problem"] != nil)
    }

    private func problem(_ status: String, _ description: String) -> String {
        ##""\##(status)":{"description":"\##(description)","content":{"application/problem+json":"##
            + ##"{"schema":{"$ref":"#/components/schemas/Problem"}}}}"##
    }

    @Test("the answers that follow from a declaration, as status and media type")
    func answers() {
        func f(_ route: Route, _ expected: String) {
            let answers = route.answers.map { "\($0.status)\($0.mediaType.map { " " + $0.rawValue } ?? "")" }
            let short = answers.joined(separator: ", ").replacing("application/problem+json", with: "problem")
            #expect(short == expected)
        }
        let ends = "429 problem, 500 problem, 503 problem"
        let none = [ResponseRule(204, "Nothing.")]
        f(wordRoute(.get, "/a", unknownQuery: .ignored, responses: none), "204, 400 problem, " + ends)
        f(wordRoute(.get, "/a", access: .authenticated, responses: none), "204, 400 problem, 401 problem, " + ends)
        f(wordRoute(.get, "/a"), "200 text/plain, 400 problem, 406 problem, " + ends)
        f(
            wordRoute(.get, "/a", parameters: [Preconditions.noneMatch], responses: none),
            "204, 304, 400 problem, " + ends
        )
        f(
            wordRoute(.post, "/a", body: .json(.anything), responses: none),
            "204, 400 problem, 408 problem, 413 problem, 415 problem, 422 problem, " + ends
        )
        f(
            wordRoute(.post, "/a", body: .bytes([.yaml]), responses: none + [.problem(409, "It is there.")]),
            "204, 400 problem, 408 problem, 409 problem, 413 problem, 415 problem, " + ends
        )
        var foreign = wordRoute(.get, "/a", responses: none)
        foreign.envelope = ProblemEnvelope(.text, .string(), pathPrefix: "/a") { _ in .noContent }
        f(foreign, "204, 400 text/plain, 429 text/plain, 500 text/plain, 503 text/plain, 503 problem")
    }

    @Test("every problem that is answered satisfies the documented schema")
    func problems() throws {
        for type in ProblemType.allCases {
            let problem = Problem(
                type,
                detail: "d",
                instance: "i",
                errors: [Violation(.body(pointer: "/a"), "x"), Violation(.query(name: "q"), "y")]
            )
            let json = try JSONValue(parsing: JSONWriter.bytes(of: problem))
            #expect(JSONSchema.problem.violations(in: json).isEmpty, "\(type)")
        }
    }
}
