import Basics
import Client
import JSON
import Testing

@testable import kaskman

@Suite("Commands with a server")
struct OnlineCommandTests {
    static let project = """
        {"id":"01","name":"Solar: cells","status":"active","type":"research","priority":5,"owner":null,\
        "tags":["x","true"],"metadata":{},"due_at":null,"updated_at":"2026-11-23T08:00:00.000Z"}
        """
    private let projects = "{\"items\":[\(project)],\"next_cursor\":null}"

    private func listing(_ format: String) async -> String {
        await CommandHarness.loggedIn { _ in .json(projects) }.run("project", "list", "-o", format).output
    }

    @Test("A list as a table")
    func table() async {
        #expect(
            await listing("table") == """
                ID  NAME          STATUS  TYPE      PRIORITY  OWNER  TAGS    UPDATED
                01  Solar: cells  active  research  5                x,true  2026-11-23T08:00:00.000Z

                """
        )
    }

    @Test("A list as JSON")
    func json() async {
        #expect(
            await listing("json") == """
                [
                  {
                    "id": "01",
                    "name": "Solar: cells",
                    "status": "active",
                    "type": "research",
                    "priority": 5,
                    "owner": null,
                    "tags": [
                      "x",
                      "true"
                    ],
                    "metadata": {},
                    "due_at": null,
                    "updated_at": "2026-11-23T08:00:00.000Z"
                  }
                ]

                """
        )
    }

    @Test("A list as YAML")
    func yaml() async {
        #expect(
            await listing("yaml") == """
                - id: "01"
                  name: "Solar: cells"
                  status: active
                  type: research
                  priority: 5
                  owner: null
                  tags:
                    - x
                    - "true"
                  metadata: {}
                  due_at: null
                  updated_at: "2026-11-23T08:00:00.000Z"

                """
        )
    }

    @Test("What others wrote cannot steer the terminal")
    func escapes() async {
        let evil = Self.project.replacing("Solar: cells", with: #"\u001b[2Jx\u202ey"#)
        let harness = CommandHarness.loggedIn { _ in .json("{\"items\":[\(evil)],\"next_cursor\":null}") }
        let output = await harness.run("project", "list").output
        #expect(!output.unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{202e}" })
        #expect(output.contains(" [2Jxy"))
    }

    @Test(
        "Arguments become requests",
        arguments: [
            (
                ["project", "list", "--status", "active", "--tag", "a b", "--search", "q", "--limit", "5"],
                "GET http://127.0.0.1:8080/api/v1/projects?status=active&tag=a%20b&q=q&limit=5", ""
            ),
            (
                ["project", "create", "N", "--priority", "7", "--tag", "a", "--tag", "b"],
                "POST http://127.0.0.1:8080/api/v1/projects",
                #"{"priority":7,"tags":["a","b"],"name":"N","type":"research"}"#
            ),
            (
                ["project", "show", "01936f00-0000-7000-8000-000000000001"],
                "GET http://127.0.0.1:8080/api/v1/projects/01936f00-0000-7000-8000-000000000001", ""
            ),
            (
                ["project", "update", "01936f00-0000-7000-8000-000000000011", "--status", "paused"],
                "PATCH http://127.0.0.1:8080/api/v1/projects/01936f00-0000-7000-8000-000000000011",
                #"{"status":"paused"}"#
            ),
            (
                [
                    "project", "update", "01936f00-0000-7000-8000-000000000011", "--clear", "due-at", "--clear",
                    "owner", "--clear", "criterion",
                ],
                "PATCH http://127.0.0.1:8080/api/v1/projects/01936f00-0000-7000-8000-000000000011",
                #"{"due_at":null,"owner":null,"success_criteria":null}"#
            ),
            (
                [
                    "project", "update", "01936f00-0000-7000-8000-000000000011", "--metadata", "old=null", "--metadata",
                    "site=lab=2",
                    "--resource",
                    "gpus=2",
                ],
                "PATCH http://127.0.0.1:8080/api/v1/projects/01936f00-0000-7000-8000-000000000011",
                #"{"resources":{"gpus":2},"metadata":{"old":null,"site":"lab=2"}}"#
            ),
            (
                ["project", "create", "N", "--metadata", #"a={"b":[1]}"#, "--resource", #"n="2""#, "--resource", "e="],
                "POST http://127.0.0.1:8080/api/v1/projects",
                #"{"resources":{"n":"2","e":""},"metadata":{"a":{"b":[1]}},"name":"N","type":"research"}"#
            ),
            (
                ["project", "list", "--cursor", "a/b="],
                "GET http://127.0.0.1:8080/api/v1/projects?limit=100&cursor=a%2Fb%3D", ""
            ),
            (
                ["project", "delete", "01936f00-0000-7000-8000-000000000011", "--yes"],
                "DELETE http://127.0.0.1:8080/api/v1/projects/01936f00-0000-7000-8000-000000000011", ""
            ),
            (
                ["agent", "list", "--type", "coder", "--url", "http://lab/k/"],
                "GET http://lab/k/api/v1/agents?type=coder&limit=100", ""
            ),
            (
                ["agent", "show", "01936f00-0000-7000-8000-000000000001"],
                "GET http://127.0.0.1:8080/api/v1/agents/01936f00-0000-7000-8000-000000000001", ""
            ),
            (
                ["agent", "token", "01936f00-0000-7000-8000-000000000011"],
                "POST http://127.0.0.1:8080/api/v1/agents/01936f00-0000-7000-8000-000000000011/token", ""
            ),
            (
                ["agent", "delete", "01936f00-0000-7000-8000-000000000011", "-y"],
                "DELETE http://127.0.0.1:8080/api/v1/agents/01936f00-0000-7000-8000-000000000011", ""
            ),
            (["alerts", "list"], "GET http://127.0.0.1:8080/prometheus/api/v1/alerts", ""),
            (["alerts", "rules"], "GET http://127.0.0.1:8080/prometheus/api/v1/rules", ""),
            (
                ["query", "instant", "up", "--time", "1970-01-01T00:01:00Z"],
                "POST http://127.0.0.1:8080/prometheus/api/v1/query", "query=up&time=60"
            ),
            (
                ["query", "range", "up", "--start", "0", "--end", "3600"],
                "POST http://127.0.0.1:8080/prometheus/api/v1/query_range", "query=up&start=0&end=3600&step=15"
            ),
        ]
    )
    func requests(arguments: [String], line: String, body: String) async throws {
        let harness = CommandHarness.loggedIn { request in
            if request.method == .delete { return APIResponse(status: 204) }
            if request.target.contains("/rules") { return .json(#"{"status":"success","data":{"groups":[]}}"#) }
            if request.target.contains("/alerts") { return .json(#"{"status":"success","data":{"alerts":[]}}"#) }
            if request.target.contains("/query") {
                return .json(#"{"status":"success","data":{"resultType":"vector","result":[]}}"#)
            }
            let record = #"{"id":"1","items":[]}"#
            return .json(record, headers: [APIRequest.Header("ETag", "\"3\"")])
        }
        let outcome = await harness.run(list: arguments)
        #expect(outcome.status == 0, "\(outcome)")
        let request = try #require(harness.requests.last)
        #expect("\(request.method.rawValue) \(request.target)" == line)
        #expect(String(decoding: request.body, as: UTF8.self) == body)
        #expect(request.header("Authorization") == "Bearer t")
        if request.method == .patch { #expect(request.header("If-Match") == "\"3\"") }
        if line.hasPrefix("POST") && line.hasSuffix("/projects") {
            #expect(request.header("Idempotency-Key") == "key-1")
        }
    }

    @Test(
        "Arguments that are wrong or exclude each other",
        arguments: [
            ["project", "update", "01936f00-0000-7000-8000-000000000011", "--owner", "ada", "--clear", "owner"],
            ["project", "update", "01936f00-0000-7000-8000-000000000011", "--clear", "name"],
            ["project", "update", "01936f00-0000-7000-8000-000000000011", "--metadata", "a"],
            ["project", "update", "01936f00-0000-7000-8000-000000000011", "--metadata", "=1"],
            ["project", "create", "N", "--clear", "owner"],
        ]
    )
    func usage(arguments: [String]) async {
        let harness = CommandHarness.loggedIn { _ in APIResponse(status: 500) }
        #expect(await harness.run(list: arguments).status == 2)
        #expect(harness.requests.isEmpty)
    }

    @Test("A list that goes on says so, and how, beside the list")
    func continuation() async {
        func f(_ arguments: [String], _ next: String, _ messages: String) async {
            let harness = CommandHarness.loggedIn { _ in .json(#"{"items":[],"next_cursor":\#(next)}"#) }
            let outcome = await harness.run(list: arguments)
            #expect(outcome.status == 0)
            #expect(outcome.messages == messages, "\(arguments) \(next)")
        }
        await f(["project", "list"], "null", "")
        // A page without items ends a list, whatever it says.
        await f(["project", "list"], #""x""#, "")
        let page = "{\"items\":[\(Self.project)],\"next_cursor\":\"a'b\"}"
        let agent = #"{"items":[{"id":"1","name":"a","type":"coder","status":"idle"}],"next_cursor":"c"}"#
        let harness = CommandHarness.loggedIn { .json($0.target.contains("agents") ? agent : page) }
        let projects = await harness.run("project", "list", "--limit", "1", "-o", "json")
        #expect(projects.status == 0 && projects.output.hasPrefix("["))
        #expect(
            projects.messages
                == "There are more projects: give a greater --limit, or go on with --cursor 'a'\\''b'.\n"
        )
        let agents = await harness.run("agent", "list", "--limit", "1")
        #expect(agents.messages == "There are more agents: give a greater --limit, or go on with --cursor 'c'.\n")
    }

    @Test("Values of alerts as people write them")
    func alertValues() async {
        func f(_ value: String, _ expected: String) async {
            let alert =
                #"{"labels":{"alertname":"A"},"annotations":{},"state":"firing","activeAt":"T","value":"\#(value)"}"#
            let harness = CommandHarness.loggedIn { _ in .json(#"{"status":"success","data":{"alerts":[\#(alert)]}}"#) }
            let output = await harness.run("alerts", "list").output
            let line = output.split(separator: "\n").last?.split(separator: " ").map(String.init)
            #expect(line == ["A", "firing", "T", expected], "\(output)")
        }
        await f("5.46e+00", "5.46")
        await f("1e+00", "1")
        await f("1.5e-07", "0.00000015")
        await f("+Inf", "+Inf")
        await f("NaN", "NaN")
        await f("odd", "odd")
    }

    @Test("What a name means is asked for; one that several have, or none, is told")
    func names() async {
        func project(_ id: String, _ name: String) -> String { #"{"id":"\#(id)","name":"\#(name)","status":"active"}"# }
        let all = [
            project("x1", "Digits"), project("x2", "digits and more"), project("x3", "twice"), project("x4", "Twice"),
        ]
        let harness = CommandHarness.loggedIn { request in
            request.method == .delete
                ? APIResponse(status: 204)
                : .json(#"{"items":[\#(all.joined(separator: ","))],"next_cursor":null}"#)
        }
        func asked(_ arguments: String...) async -> (Int32, String?) {
            let outcome = await harness.run(list: arguments)
            return (outcome.status, harness.requests.last.map { "\($0.method.rawValue) \($0.target)" })
        }
        #expect(
            await asked("project", "delete", "DIGITS", "-y") == (0, "DELETE http://127.0.0.1:8080/api/v1/projects/x1")
        )
        #expect(await asked("task", "list", "--project", "digits").1?.contains("/tasks?project=x1&") == true)
        #expect(await asked("project", "delete", "twice", "-y").0 == 1)
        #expect(await asked("project", "delete", "nothing", "-y").0 == 1)
        #expect(harness.requests.count { $0.method == .delete } == 1)
    }

    @Test("The rules are listed, those that fire first")
    func rules() async {
        let answer = """
            {"status":"success","data":{"groups":[{"name":"g","rules":[
            {"name":"Calm","state":"inactive","health":"ok","lastEvaluation":"t","type":"alerting"},
            {"name":"sum:x","health":"err","lastError":"many-to-many","lastEvaluation":"t","type":"recording"},
            {"name":"Burns","state":"firing","health":"ok","lastEvaluation":"t","type":"alerting"}]}]}}
            """
        let harness = CommandHarness.loggedIn { _ in .json(answer) }
        let all = await harness.run("alerts", "rules").output.split(separator: "\n")
        #expect(all.count == 4 && all[1].hasPrefix("Burns") && all[3].contains("many-to-many"))
        let some = await harness.run("alerts", "rules", "--state", "inactive").output.split(separator: "\n")
        #expect(some.count == 2 && some[1].hasPrefix("Calm"))
        #expect(await harness.run("alerts", "rules", "--state", "calm").status == 2)
        let json = try? JSONValue(parsing: await harness.run("alerts", "rules", "-o", "json").output)
        #expect(json?.array?.map { $0["name"]?.string } == ["Burns", "Calm", "sum:x"])
        #expect(json?.array?.allSatisfy { $0["group"]?.string == "g" } == true)
    }

    @Test("Deleting asks first")
    func deletion() async {
        let question = "Delete project 01936f00-0000-7000-8000-000000000011? [y/N] "
        let no = CommandHarness(variables: ["HOME": "/h", "KASKMAN_TOKEN": "t"], answers: [question: "n"])
        #expect(await no.run("project", "delete", "01936f00-0000-7000-8000-000000000011").status == 1)
        #expect(no.prompts == [question] && no.requests.isEmpty)
        let mute = CommandHarness.loggedIn { _ in APIResponse(status: 204) }
        #expect(await mute.run("project", "delete", "01936f00-0000-7000-8000-000000000011").status == 2)
        #expect(mute.requests.isEmpty)
    }

    // MARK: Logging in

    private static let tokens = #"{"access_token":"a","refresh_token":"r","token_type":"Bearer","expires_in":60}"#

    @Test("A login asks, keeps the tokens for the owner alone, and later commands use them")
    func login() async throws {
        let harness = CommandHarness(answers: ["Username: ": "ada", "Password: ": "pw"]) { request in
            request.target.hasSuffix("/login")
                ? .json(Self.tokens) : .json(#"{"id":"7","username":"ada","roles":["admin"]}"#)
        }
        let outcome = await harness.run("auth", "login", "--url", "http://lab", "--save-context", "lab")
        let messages = "Logged in to http://lab as ada.\nCommands go to this server from now on (context lab).\n"
        #expect(outcome == .init(status: 0, output: "", messages: messages))
        #expect(harness.fileSystem.mode(of: "/home/.config/kaskman/credentials.json") == .ownerOnly)
        #expect(harness.fileSystem.mode(of: "/home/.config/kaskman/contexts.json") == .ownerOnly)
        let status = await harness.run("auth", "status")
        #expect(status.status == 0)
        #expect(status.output.hasPrefix("Server       http://lab\nUser         ada\nRoles        admin\nToken until  "))
        #expect(harness.requests.last?.header("Authorization") == "Bearer a")
        // The token is of that server alone.
        #expect(await harness.run("auth", "status", "--url", "http://other").status == 4)
    }

    @Test("The first server that somebody logs in to by its address is the one that commands go to; others are not")
    func firstServer() async throws {
        let harness = CommandHarness(answers: ["Username: ": "ada", "Password: ": "pw"]) { request in
            request.target.hasSuffix("/login")
                ? .json(Self.tokens) : .json(#"{"id":"7","username":"ada","roles":["admin"]}"#)
        }
        #expect(await harness.run("auth", "login", "--url", "http://lab").status == 0)
        let second = await harness.run("auth", "login", "--url", "http://other")
        #expect(second == .init(status: 0, output: "", messages: "Logged in to http://other as ada.\n"))
        #expect(await harness.run("auth", "status").output.hasPrefix("Server       http://lab\n"))
    }

    @Test("The password may come from the standard input")
    func passwordFromInput() async throws {
        let harness = CommandHarness(input: "p w\nrest") { _ in .json(Self.tokens) }
        #expect(await harness.run("auth", "login", "--username", "ada", "--password-stdin").status == 0)
        let body = try #require(harness.requests.first?.body)
        #expect(String(decoding: body, as: UTF8.self) == #"{"username":"ada","password":"p w"}"#)
    }

    @Test("A wrong password ends with 4 and keeps nothing")
    func wrongPassword() async throws {
        let harness = CommandHarness(answers: ["Password: ": "pw"]) { _ in
            .json(#"{"title":"Unauthenticated"}"#, status: 401)
        }
        #expect(await harness.run("auth", "login", "--username", "ada").status == 4)
        #expect(try harness.fileSystem.attributes(of: "/home/.config/kaskman/credentials.json") == nil)
    }

    @Test("Without a terminal or a password nothing is sent")
    func noPassword() async {
        let harness = CommandHarness()
        #expect(await harness.run("auth", "login", "--username", "ada").status == 2)
        #expect(harness.requests.isEmpty)
    }

    @Test("Contexts are named servers")
    func contexts() async {
        let harness = CommandHarness()
        #expect(await harness.run("context", "use", "lab").status == 1)
        #expect(await harness.run("context", "use", "lab", "--url", "http://lab:1/").status == 0)
        #expect(await harness.run("context", "use", "home", "--url", "http://home").status == 0)
        #expect(
            await harness.run("context", "list").output == """
                CURRENT  NAME  URL
                *        home  http://home
                         lab   http://lab:1

                """
        )
        _ = await harness.run("health", "--context", "lab")
        #expect(harness.requests.last?.target == "http://lab:1/api/v1/health")
        #expect(await harness.run("context", "delete", "home").status == 0)
        _ = await harness.run("health")
        #expect(harness.requests.last?.target == "http://127.0.0.1:8080/api/v1/health")
    }

    // MARK: Queries

    @Test("An instant query as a table, with remarks on the standard error")
    func instant() async {
        let harness = CommandHarness.loggedIn { _ in
            .json(
                #"{"status":"success","data":{"resultType":"vector","result":["#
                    + #"{"metric":{"__name__":"up","job":"b"},"value":[1,"1"]},{"metric":{},"value":[1,"0.25"]}]},"#
                    + #""infos":["PromQL info: x"]}"#
            )
        }
        #expect(
            await harness.run("query", "instant", "up")
                == .init(
                    status: 0,
                    output: "SERIES       VALUE\nup{job=\"b\"}  1\n{}           0.25\n",
                    messages: "kaskman: PromQL info: x\n"
                )
        )
    }

    @Test("A range query is a table where there is no terminal")
    func range() async {
        let answer =
            #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[0,"1"],[60,"NaN"]]}]}}"#
        let harness = CommandHarness.loggedIn { _ in .json(answer) }
        #expect(
            await harness.run("query", "range", "x", "--start", "0", "--end", "60").output == """
                SERIES   TIME                      VALUE
                {a="b"}  1970-01-01T00:00:00.000Z  1
                {a="b"}  1970-01-01T00:01:00.000Z  NaN

                """
        )
        let terminal = CommandHarness.loggedIn(isTerminal: true) { _ in .json(answer) }
        #expect(await terminal.run("query", "range", "x", "--start", "0", "--end", "60").output.contains("┤"))
    }
}
