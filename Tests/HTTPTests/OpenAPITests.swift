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
                + ##"{"schema":{"$ref":"#/components/schemas/Thing"}}}},"default":{"description":"A problem (RFC 9457)","##
                + ##""content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}}}}}"##
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
