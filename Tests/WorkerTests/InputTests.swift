import Basics
import JSON
import Testing
import Worker

@Suite("Inputs of tasks")
struct InputTests {
    @Test("A shell input is read whole")
    func shell() throws {
        let json = try JSONValue(
            parsing: #"""
                {"program": "p", "arguments": ["-x", ""], "environment": {"A_1": "b"}, "files": {"./d//f": "t"},
                 "stdin": "s", "artefacts": ["out/*.csv"], "limits": {"seconds": 1.5, "cpu_seconds": 2,
                 "memory_bytes": 1073741824, "output_bytes": 0, "files_bytes": 10, "processes": 3}}
                """#
        )
        let input = try ShellInput(json)
        #expect(input.program == "p" && input.arguments == ["-x", ""] && input.environment == ["A_1": "b"])
        #expect(input.files.map { $0.key.text } == ["d/f"] && input.standardInput == "s")
        #expect(input.artefacts == ["out/*.csv"])
        #expect(input.limits.seconds == 1.5 && input.limits.outputBytes == 0)
        #expect(
            input.limits.arguments(userProcesses: 10) == [
                "--core=0:0", "--nproc=13:13", "--cpu=2:3", "--as=1073741824:1073741824", "--fsize=10:10",
            ]
        )
        let least = try ShellInput(["program": "p"])
        #expect(least.limits == ProgramLimits() && least.standardInput == nil)
        #expect(least.limits.arguments(userProcesses: 0) == ["--core=0:0", "--nproc=512:512"])
    }

    @Test(
        "What is no shell input is refused, with its place",
        arguments: [
            (#"[]"#, "the input"), (#"{}"#, "/program"), (#"{"program": ""}"#, "/program"),
            (#"{"program": 1}"#, "/program"), (#"{"program": "p", "argument": []}"#, "/argument"),
            (#"{"program": "p", "arguments": "x"}"#, "/arguments"),
            (#"{"program": "p", "arguments": [1]}"#, "/arguments"),
            (#"{"program": "p", "environment": {"A": 1}}"#, "/environment/A"),
            (#"{"program": "p", "environment": {"A=B": "1"}}"#, "/environment/A=B"),
            (#"{"program": "p", "environment": {"1A": "1"}}"#, "/environment/1A"),
            (#"{"program": "p", "environment": {"KASKMAN_OUTPUT": "/etc/x"}}"#, "/environment/KASKMAN_OUTPUT"),
            (#"{"program": "p", "files": {"../x": ""}}"#, "/files/../x"),
            (#"{"program": "p", "files": {"/x": ""}}"#, "/files//x"),
            (#"{"program": "p", "files": {"": ""}}"#, "/files/"),
            (#"{"program": "p", "files": {"a/../../x": ""}}"#, "/files/a/../../x"),
            (#"{"program": "p", "artefacts": ["../*"]}"#, "/artefacts"),
            (#"{"program": "p", "artefacts": ["/etc/passwd"]}"#, "/artefacts"),
            (#"{"program": "p", "limits": {"second": 1}}"#, "/limits/second"),
            (#"{"program": "p", "limits": {"seconds": 0}}"#, "/limits/seconds"),
            (#"{"program": "p", "limits": {"memory_bytes": 1.5}}"#, "/limits/memory_bytes"),
            (#"{"program": "p", "limits": {"processes": 0}}"#, "/limits/processes"),
            (#"{"program": "p", "limits": {"output_bytes": 1e300}}"#, "/limits/output_bytes"),
        ]
    )
    func refusedShell(_ text: String, _ place: String) throws {
        let json = try JSONValue(parsing: text)
        let error = #expect(throws: InputError.self) { try ShellInput(json) }
        #expect(error?.description.hasPrefix(place) == true, "\(error?.description ?? "")")
    }

    @Test("An http input is read whole")
    func http() throws {
        let json = try JSONValue(
            parsing: #"""
                {"method": "POST", "url": "https://[2001:db8::1]:8443/x?y=1", "headers": {"X-A": "b"}, "body": {"c": 1},
                 "expected_status": [201, 409], "timeout_seconds": 2}
                """#
        )
        let input = try HTTPInput(json)
        #expect(input.host == "2001:db8::1" && input.timeoutSeconds == 2)
        #expect(String(decoding: input.body, as: UTF8.self) == #"{"c":1}"#)
        #expect(input.headers.map(\.name) == ["X-A", "Content-Type"])
        #expect(input.expects(409) && !input.expects(200))
        let least = try HTTPInput(["url": "http://example.org"])
        #expect(least.method == "GET" && least.expects(204) && !least.expects(302) && least.body.isEmpty)
        #expect(try HTTPInput(["url": "http://h/", "body": "t"]).headers.isEmpty)
    }

    @Test("What those gave that were to end first takes its place in a body")
    func upstream() throws {
        let upstream: JSONValue = [["task_id": "t", "output": ["x": 1]]]
        let json = #"[{"task_id":"t","output":{"x":1}}]"#
        func f(_ body: JSONValue, _ expected: String) throws {
            let input = try HTTPInput(["url": "http://h/", "method": "POST", "body": body], upstream)
            #expect(String(decoding: input.body, as: UTF8.self) == expected)
        }
        try f("{{upstream}}", json)
        try f("a={{upstream}}&b={{upstream}}", "a=\(json)&b=\(json)")
        try f(["all": "{{upstream}}", "n": [1, "{{upstream}}"]], #"{"all":\#(json),"n":[1,\#(json)]}"#)
        try f(["text": "see {{upstream}}"], #"{"text":"see {{upstream}}"}"#)
        try f("nothing", "nothing")
        #expect(try HTTPInput(["url": "http://h/", "body": "{{upstream}}"]).body == Array("[]".utf8))
    }

    @Test(
        "What is no http input is refused, with its place",
        arguments: [
            (#"{}"#, "/url"), (#"{"url": "x"}"#, "/url"), (#"{"url": "ftp://h/"}"#, "/url"),
            (#"{"url": "file:///etc/passwd"}"#, "/url"), (#"{"url": "http+unix://%2Frun%2Fx/"}"#, "/url"),
            (#"{"url": "http://u:p@h/"}"#, "/url"), (#"{"url": "http:///x"}"#, "/url"),
            (#"{"url": "http://h/", "method": "CONNECT"}"#, "/method"),
            (#"{"url": "http://h/", "headers": {"Host": "other"}}"#, "/headers/Host"),
            (#"{"url": "http://h/", "headers": {"A": "b\r\nC: d"}}"#, "/headers/A"),
            (#"{"url": "http://h/", "headers": {"A b": "c"}}"#, "/headers/A b"),
            (#"{"url": "http://h/", "expected_status": 200}"#, "/expected_status"),
            (#"{"url": "http://h/", "expected_status": [20]}"#, "/expected_status"),
            (#"{"url": "http://h/", "timeout_seconds": 0}"#, "/timeout_seconds"),
            (#"{"url": "http://h/", "follow": true}"#, "/follow"),
        ]
    )
    func refusedHTTP(_ text: String, _ place: String) throws {
        let json = try JSONValue(parsing: text)
        let error = #expect(throws: InputError.self) { try HTTPInput(json) }
        #expect(error?.description.hasPrefix(place) == true, "\(error?.description ?? "")")
    }

    @Test("The output of an answer is bounded, and cuts no character")
    func output() throws {
        let small = HTTPExecutor.output(200, [("a", "1"), ("a", "2")], Array("hi".utf8), seconds: 0.5)
        #expect(JSONText.compact(small) == #"{"status":200,"headers":{"a":"1, 2"},"seconds":0.5,"body":"hi"}"#)
        for body in [String(repeating: "ü", count: 100_000), String(repeating: "\u{1}", count: 100_000)] {
            let large = HTTPExecutor.output(200, [], Array(body.utf8), seconds: 0)
            #expect(JSONText.compact(large).utf8.count <= HTTPExecutor.outputBytesMax)
            #expect(large["body_truncated"] == true)
            #expect(body.hasPrefix(large["body"]?.string ?? "?") && large["body"]?.string?.isEmpty == false)
        }
    }

    @Test(
        "What everybody can reach is told from what only this machine or its neighbours can",
        arguments: [
            ("8.8.8.8", true), ("1.1.1.1", true), ("172.15.0.1", true), ("172.32.0.1", true), ("100.128.0.1", true),
            ("2606:4700::1111", true), ("2001:4860:4860::8888", true), ("::ffff:8.8.8.8", true),
            ("64:ff9b::808:808", true),
            ("0.0.0.0", false), ("10.1.2.3", false), ("127.0.0.1", false), ("127.255.255.254", false),
            ("169.254.169.254", false), ("172.16.0.1", false), ("172.31.255.255", false), ("192.168.1.1", false),
            ("100.64.0.1", false), ("192.0.2.1", false), ("198.18.0.1", false), ("203.0.113.9", false),
            ("224.0.0.1", false), ("255.255.255.255", false), ("::", false), ("::1", false), ("fe80::1", false),
            ("fc00::1", false), ("fd12::1", false), ("ff02::1", false), ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false), ("64:ff9b::7f00:1", false), ("2002:7f00:1::", false),
            ("2001:db8::1", false), ("2001::1", false), ("::127.0.0.1", false),
        ]
    )
    func addresses(_ text: String, _ isPublic: Bool) throws {
        #expect(try #require(NetworkAddress(text)).isPublic == isPublic)
    }

    @Test("What is no address is none")
    func noAddresses() {
        for text in ["", "1.2.3", "1.2.3.4.5", "localhost", "0x7f.1", "::1%lo"] { #expect(NetworkAddress(text) == nil) }
    }

    @Test("Secrets are not passed on; the token comes from the variable or the file")
    func environment() throws {
        let variables = [
            "PATH": "/bin", "LC_ALL": "C", "KASKMAN_TOKEN": "t", "AWS_SECRET": "s", "MORE": "m", "KASKMAN_URL": "u",
        ]
        let passed = WorkerEnvironment.forPrograms(variables, more: ["MORE", "KASKMAN_TOKEN"])
        #expect(passed == ["PATH": "/bin", "LC_ALL": "C", "MORE": "m"])
        let disk = FaultyFileSystem()
        try disk.createDirectory("/run", mode: .ownerOnlyDirectory)
        try disk.writeAtomically(Array("kma_x\n".utf8), to: "/run/token", mode: .ownerOnly)
        #expect(try WorkerEnvironment.token(variables, fileSystem: disk) == "t")
        #expect(try WorkerEnvironment.token(["KASKMAN_TOKEN_FILE": "/run/token"], fileSystem: disk) == "kma_x")
        for bad in [[:], ["KASKMAN_TOKEN": ""], ["KASKMAN_TOKEN_FILE": "/none"], ["KASKMAN_TOKEN": "a b"]] {
            #expect(throws: WorkerEnvironment.Fault.self) { try WorkerEnvironment.token(bad, fileSystem: disk) }
        }
    }
}
