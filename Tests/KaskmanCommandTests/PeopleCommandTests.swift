import Basics
import Client
import Testing

@testable import kaskman

@Suite("Commands about people, and their names and passwords")
struct PeopleCommandTests {
    /// An identifier, told by its number.
    private static func id(_ number: Int) -> String { "01936f00-0000-7000-8000-00000000000\(number)" }

    @Test("Tables tell people by name, asked for once; programs get identifiers, and so does who may not know")
    func people() async {
        let record = OnlineCommandTests.project.replacing(
            #""owner":null"#,
            with: #""owner":"\#(Self.id(1))","assignees":["\#(Self.id(2))","\#(Self.id(3))"]"#
        ).replacing(#""id":"01""#, with: #""id":"\#(Self.id(9))""#)
        func run(_ arguments: [String], mayKnow: Bool = true) async -> (output: [String], asked: [String]) {
            let harness = CommandHarness.loggedIn { request in
                if request.target.contains("/people") {
                    let people = (1...2).map { #"{"id":"\#(Self.id($0))","name":"ada\#($0)"}"# }
                    return mayKnow
                        ? .json("{\"items\":[\(people.joined(separator: ","))]}") : .json("{}", status: 403)
                }
                return .json(
                    request.target.contains("?")
                        ? "{\"items\":[\(record),\(record)],\"next_cursor\":null}" : record
                )
            }
            let outcome = await harness.run(list: arguments)
            #expect(outcome.status == 0, "\(outcome)")
            let asked = harness.requests.map(\.target).filter { $0.contains("/people") }
            return (outcome.output.split(separator: "\n").map(String.init), asked)
        }
        let query = (1...3).map { "id=\(Self.id($0))" }.joined(separator: "&")
        let list = await run(["project", "list"])
        #expect(list.output.dropFirst().allSatisfy { $0.contains(" ada1 ") } && list.output.count == 3)
        #expect(list.asked == ["http://127.0.0.1:8080/api/v1/people?\(query)"])
        let shown = await run(["project", "show", Self.id(9)])
        #expect(shown.output.contains { $0.split(separator: " ") == ["owner", "ada1"] }, "\(shown)")
        #expect(shown.output.contains { $0.hasSuffix(" ada2, \(Self.id(3))") }, "\(shown)")
        let blind = await run(["project", "show", Self.id(9)], mayKnow: false)
        #expect(blind.output.contains { $0.hasSuffix(" \(Self.id(1))") }, "\(blind)")
        #expect(await run(["project", "list", "-o", "json"]).asked == [])
    }

    @Test("A record is shown by its name, if it alone has it")
    func byName() async {
        func f(_ name: String, _ names: [String], _ status: Int32, _ said: String) async {
            let records = names.enumerated().map { index, name in
                #"{"id":"\#(Self.id(index))","name":"\#(name)","status":"active"}"#
            }
            for kind in ["project", "agent"] {
                let harness = CommandHarness.loggedIn { _ in
                    .json("{\"items\":[\(records.joined(separator: ","))],\"next_cursor\":null}")
                }
                let outcome = await harness.run(kind, "show", name)
                #expect(outcome.status == status, "\(name): \(outcome)")
                #expect((outcome.output + outcome.messages).contains(said.replacing("KIND", with: kind)), "\(outcome)")
                let asked = harness.requests.first?.target
                #expect(asked == "http://127.0.0.1:8080/api/v1/\(kind)s?q=solar%20cells&limit=100")
            }
        }
        await f("solar cells", ["Solar cells", "Solar cells 2"], 0, "name    Solar cells\n")
        await f("solar cells", ["Solar cells 2"], 1, "'solar cells' is neither the identifier nor the name of any KIND")
        let both = "2 KINDs are named 'solar cells'; give the identifier:\n  \(Self.id(0))  active"
        await f("solar cells", ["Solar cells", "solar Cells"], 1, both)
    }

    @Test("One's password is changed by asking at the terminal, or from the lines of the standard input")
    func ownPassword() async {
        let asked = ["Current password: ": "old", "New password: ": "new", "New password again: ": "new"]
        let mistyped = asked.merging(["New password again: ": "mew"]) { $1 }
        let body = #"{"current_password":"old","new_password":"new"}"#
        func f(_ flags: [String], input: String, _ answers: [String: String], _ status: Int32, _ sent: String?) async {
            let harness = CommandHarness(
                variables: ["HOME": "/home", "KASKMAN_TOKEN": "t"],
                input: input,
                answers: answers
            ) { _ in APIResponse(status: 204) }
            let outcome = await harness.run(list: ["auth", "password"] + flags)
            #expect(outcome.status == status, "\(outcome)")
            #expect(harness.requests.map { String(decoding: $0.body, as: UTF8.self) } == (sent.map { [$0] } ?? []))
            #expect(harness.requests.allSatisfy { $0.method == .put && $0.target.hasSuffix("/users/me/password") })
        }
        await f([], input: "", asked, 0, body)
        await f([], input: "", mistyped, 1, nil)
        await f([], input: "", ["Current password: ": "old"], 2, nil)
        await f([], input: "old\nnew\n", [:], 0, body)
        await f(["--password-stdin"], input: "old\nnew", mistyped, 0, body)
        await f(["--password-stdin"], input: "old\n", asked, 2, nil)
        await f([], input: "", [:], 2, nil)
    }

    @Test("Users are listed and made, and get passwords, which are never arguments")
    func users() async {
        let user = #"{"id":"7","username":"Ada","display_name":"A. L.","roles":["viewer","operator"],"active":false}"#
        @discardableResult
        func f(_ arguments: [String], _ answers: [String: String], _ status: Int32, _ last: String?) async
            -> String
        {
            let harness = CommandHarness(
                variables: ["HOME": "/home", "KASKMAN_TOKEN": "t"],
                input: "from a pipe\n",
                answers: answers
            ) { request in
                switch request.method {
                case .put: APIResponse(status: 204)
                case .post: .json(user, status: 201)
                default: .json("{\"items\":[\(user)],\"next_cursor\":null}")
                }
            }
            let outcome = await harness.run(list: ["user"] + arguments)
            #expect(outcome.status == status, "\(outcome)")
            let sent = harness.requests.last.map { request in
                "\(request.method.rawValue) \(request.target.dropFirst("http://127.0.0.1:8080/api/v1/".count)) "
                    + String(decoding: request.body, as: UTF8.self)
            }
            #expect(sent == last)
            return outcome.output
        }
        let table = await f(["list"], [:], 0, "GET users?limit=100 ")
        #expect(
            table == """
                ID  NAME  DISPLAY NAME  ROLES            ACTIVE
                7   Ada   A. L.         viewer,operator  no

                """
        )
        let asked = ["New password of ada: ": "long enough", "New password of ada again: ": "long enough"]
        let create = ["create", "ada", "--role", "viewer"]
        let made = #"POST users {"username":"ada","roles":["viewer"],"password":"PASSWORD"}"#
        await f(create, asked, 0, made.replacing("PASSWORD", with: "long enough"))
        await f(create, [:], 0, made.replacing("PASSWORD", with: "from a pipe"))
        await f(create + ["--password-stdin"], asked, 0, made.replacing("PASSWORD", with: "from a pipe"))
        await f(["create", "ada"], asked, 2, nil)
        await f(create, asked.merging(["New password of ada again: ": "other"]) { $1 }, 1, nil)
        await f(["password", "ada"], asked, 0, #"PUT users/7/password {"password":"long enough"}"#)
        await f(["password", Self.id(1)], [:], 0, "PUT users/\(Self.id(1))/password {\"password\":\"from a pipe\"}")
        await f(["password", "bob"], [:], 1, "GET users?limit=100 ")
    }

    @Test("A user is changed by name, unless somebody else did so meanwhile")
    func userUpdate() async {
        let user = #"{"id":"7","username":"Ada","display_name":"A. L.","roles":["viewer"],"active":false}"#
        let harness = CommandHarness.loggedIn { request in
            request.target.contains("/users?")
                ? .json("{\"items\":[\(user)],\"next_cursor\":null}")
                : .json(user, headers: [APIRequest.Header("ETag", "\"3\"")])
        }
        let arguments = ["user", "update", "ada", "--role", "viewer", "--role", "operator", "--no-active"]
        #expect(await harness.run(list: arguments).status == 0)
        let request = harness.requests.last
        #expect(request?.method == .patch && request?.target.hasSuffix("/api/v1/users/7") == true)
        #expect(request?.header("If-Match") == "\"3\"")
        #expect(
            request.map { String(decoding: $0.body, as: UTF8.self) }
                == #"{"roles":["viewer","operator"],"active":false}"#
        )
        #expect(await harness.run("user", "update", "ada").status == 2)
        #expect(await harness.run("user", "update", "nobody", "--active").status == 1)
    }
}
