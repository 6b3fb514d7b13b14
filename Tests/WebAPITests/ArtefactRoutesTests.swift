import APIModel
import Basics
import Database
import DatabaseTesting
import HTTPTypes
import JSON
import Tasks
import Testing

@testable import HTTP
@testable import WebAPI

@Suite("Artefacts")
struct ArtefactRoutesTests {
    @Test("A file is uploaded in parts, resumed after a break, and downloaded whole and in ranges")
    func upload() async throws {
        try await APIHarness.run { api in
            let upload = try await ArtefactUpload(api)
            let announced = try await upload.announce("hello world", name: "out/mödel 1.txt")
            #expect(announced.status == 201 && announced.json?["offset"]?.integer == 0)
            let id = try #require(announced.string("id"))
            let one = "tasks/\(upload.task)/artefacts/\(id)"
            #expect(try await upload.append("hello", at: 0, to: id).json?["offset"]?.integer == 5)
            #expect(try await api.send(.get, one + "/content").summary == "409 conflict")
            // The answer was lost: the same bytes again are told where it goes on.
            let repeated = try await upload.append("hello", at: 0, to: id)
            #expect(repeated.summary == "409 offset_mismatch" && repeated["Upload-Offset"] == "5")
            #expect(try await upload.announce("hello world", name: "out/mödel 1.txt").json?["offset"]?.integer == 5)
            #expect(try await api.send(.get, one, as: .viewer).json?["offset"]?.integer == 5)
            let done = try await upload.append(" world", at: 5, to: id)
            #expect(
                done.json?["complete"]?.boolean == true && done.string("sha256") == ArtefactUpload.hash("hello world")
            )
            #expect(try await upload.append("", at: 11, to: id).json?["complete"]?.boolean == true)
            let late = try await upload.append(" world", at: 5, to: id)
            #expect(late.summary == "409 offset_mismatch" && late["Upload-Offset"] == "11")
            #expect(try await api.send(.get, "tasks/\(upload.task)/artefacts").items("name") == ["out/mödel 1.txt"])

            let whole = try await api.send(.get, one + "/content", as: .viewer)
            #expect(whole.status == 200 && whole.text == "hello world" && whole["Content-Length"] == "11")
            #expect(whole["X-Content-Type-Options"] == "nosniff")
            let disposition = #"attachment; filename="m_del 1.txt"; filename*=UTF-8''m%C3%B6del%201.txt"#
            #expect(whole["Content-Disposition"] == disposition)
            let tag = try #require(whole["ETag"])
            #expect(tag == "\"\(ArtefactUpload.hash("hello world"))\"")
            func f(_ fields: HTTPFields, _ status: Int, _ text: String, _ range: String?) async throws {
                let reply = try await api.send(.get, one + "/content", as: .viewer, nil, fields)
                #expect(reply.status == status && reply["Content-Range"] == range, "\(fields)")
                if status < 400 { #expect(reply.text == text, "\(fields)") }
            }
            try await f([.range: "bytes=6-"], 206, "world", "bytes 6-10/11")
            try await f([.range: "bytes=0-4"], 206, "hello", "bytes 0-4/11")
            try await f([.range: "bytes=-5"], 206, "world", "bytes 6-10/11")
            try await f([.range: "bytes=11-"], 416, "", "bytes */11")
            try await f([.range: "bytes=0-1,3-4"], 200, "hello world", nil)
            try await f([.range: "bytes=6-", .ifRange: tag], 206, "world", "bytes 6-10/11")
            try await f([.range: "bytes=6-", .ifRange: "\"other\""], 200, "hello world", nil)
            try await f([.ifNoneMatch: tag], 304, "", nil)
            #expect(api.registry.value(of: "kaskman_task_artefact_stored_bytes") == 11)
        }
    }

    @Test("What is wrong with an announcement is named")
    func announcements() async throws {
        var limits = TaskReportLimits()
        (limits.artefactBytesMax, limits.artefactTotalBytesMax) = (100, 150)
        try await APIHarness.run(reportLimits: limits) { api in
            let upload = try await ArtefactUpload(api)
            for name in ["", "/a", "../a", "a/../b", "a//b", "a/", "./a", "a\\\\b", "a\\u0000b", "a\\nb"] {
                let reply = try await upload.announce("x", name: name)
                #expect(reply.summary == "422 validation_failed /name", "\(name)")
            }
            let long = String(repeating: "é", count: 300)
            #expect(try await upload.announce("x", name: long).summary == "422 validation_failed /name")
            let odd = String(repeating: "g", count: 64)
            #expect(try await upload.announce("x", sha256: odd).summary == "422 validation_failed /sha256")
            #expect(try await upload.announce("x", bytes: -1).summary == "422 validation_failed /bytes")
            #expect(try await upload.announce("x", bytes: 101).summary == "413 payload_too_large")
            #expect(try await upload.announce("x", token: 2).summary == "409 lease_lost")
            #expect(try await upload.announce("x", as: .administrator).summary == "409 lease_lost")
            #expect(try await upload.announce("x", as: .viewer).summary == "403 forbidden")
            #expect(try await upload.announce("a", name: "a", bytes: 100).status == 201)
            #expect(try await upload.announce("b", name: "b", bytes: 51).summary == "507 insufficient_storage")
            // The same name with another content takes the place of an upload that did not end, but not of one that did.
            let id = try await upload.send("new", name: "a")
            #expect(try await upload.announce("other", name: "a").summary == "409 conflict /name")
            #expect(try await upload.announce("new", name: "a").string("id") == id)
            #expect(try await api.send(.get, "tasks/\(upload.task)/artefacts").items("name") == ["a"])
            let empty = try await upload.announce("", name: "empty")
            #expect(empty.json?["complete"]?.boolean == true)
            let path = "tasks/\(upload.task)/artefacts/\(try #require(empty.string("id")))/content"
            let content = try await api.send(.get, path)
            #expect(content.status == 200 && content.text.isEmpty)
        }
    }

    @Test("Bytes that are not the announced ones are refused, and nothing is kept of a wrong hash")
    func wrongBytes() async throws {
        try await APIHarness.run { api in
            let upload = try await ArtefactUpload(api)
            let announced = try await upload.announce("right")
            let id = try #require(announced.string("id"))
            #expect(try await upload.append("righteous", at: 0, to: id).summary == "422 validation_failed")
            #expect(try await upload.append("ght", at: 2, to: id)["Upload-Offset"] == "0")
            #expect(try await upload.append("right", at: 0, to: id, token: 2).summary == "409 lease_lost")
            #expect(try await upload.append("right", at: 0, to: id, as: .administrator).summary == "409 lease_lost")
            let missing = "tasks/\(upload.task)/artefacts/\(id)?token=\(upload.token)"
            let bytes: HTTPFields = [.contentType: "application/octet-stream"]
            let unplaced = try await api.send(.patch, missing, as: .agent, "right", bytes)
            #expect(unplaced.summary == "400 invalid_parameter Upload-Offset")
            #expect(try await upload.append("wrong", at: 0, to: id).summary == "422 hash_mismatch")
            #expect(try await upload.append("right", at: 0, to: id).summary == "404 not_found")
            #expect(try await api.send(.get, "tasks/\(upload.task)/artefacts").items("id").isEmpty)
            #expect(try api.files.list("/data/artefacts/uploads").isEmpty)
            let label = ["outcome": "hash_mismatch"]
            #expect(api.registry.value(of: "kaskman_task_artefact_uploads_total", label) == 1)
            // After the end of the attempt nothing more comes.
            let second = try #require(try await upload.announce("right").string("id"))
            #expect(try await api.send(.post, "tasks/\(upload.task)/cancel").status == 200)
            #expect(try await upload.append("right", at: 0, to: second).summary == "409 lease_lost")
            #expect(try await upload.announce("right").summary == "409 lease_lost")
        }
    }

    @Test("A project keeps a content once; another project has to bring it itself")
    func deduplication() async throws {
        try await APIHarness.run { api in
            let first = try await ArtefactUpload(api)
            _ = try await first.send("model")
            let copy = try await first.announce("model", name: "copy")
            #expect(copy.status == 201 && copy.json?["complete"]?.boolean == true)
            #expect(try await first.announce("model", name: "lie", bytes: 4).summary == "422 hash_mismatch")
            try await first.end()
            let foreign = try await ArtefactUpload(api, #"{"name":"Q","type":"research"}"#)
            let announced = try await foreign.announce("model")
            #expect(announced.json?["complete"]?.boolean == false && announced.json?["offset"]?.integer == 0)
            let id = try #require(announced.string("id"))
            let path = "tasks/\(foreign.task)/artefacts/\(id)/content"
            #expect(try await api.send(.get, path).summary == "409 conflict")
            #expect(try await foreign.append("model", at: 0, to: id).json?["complete"]?.boolean == true)
            #expect(api.registry.value(of: "kaskman_task_artefact_stored_bytes") == 10)
            // The artefact of one task is none of another's.
            let wrong = try await api.send(.get, "tasks/\(first.task)/artefacts/\(id)")
            #expect(wrong.summary == "404 not_found")
        }
    }

    @Test("A disk that is full or broken is told, half an upload is never visible, and it goes on afterwards")
    func disk() async throws {
        try await APIHarness.run { api in
            let upload = try await ArtefactUpload(api)
            let id = try #require(try await upload.announce("0123456789").string("id"))
            #expect(try await upload.append("01234", at: 0, to: id).status == 200)
            api.files.setCapacity(5)
            #expect(try await upload.append("56789", at: 5, to: id).summary == "507 insufficient_storage")
            #expect(
                api.registry.value(of: "kaskman_task_artefact_disk_failures_total", ["error_code": "no_space"]) == 1
            )
            api.files.setCapacity(100)
            api.files.fail(.move, with: .inputOutput)
            #expect(try await upload.append("56789", at: 5, to: id).summary == "503 unavailable")
            #expect(try await api.send(.get, "tasks/\(upload.task)/artefacts/\(id)/content").summary == "409 conflict")
            api.files.repair()
            #expect(try await upload.append("56789", at: 5, to: id).json?["complete"]?.boolean == true)
            api.files.fail(.examine, with: .inputOutput)
            let lost = try await api.send(.get, "tasks/\(upload.task)/artefacts/\(id)/content")
            #expect(lost.summary == "503 unavailable")
        }
    }
}
