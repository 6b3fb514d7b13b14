import CZlib
import HTTPTypes
import NIOCore

/// Compression of answers with gzip (RFC 9110, 8.4.1.3; RFC 1952), for clients that ask for it in `Accept-Encoding`.
///
/// Answers with an entity tag stay as they are: the tag is strong and names their bytes. What a credential protects comes
/// by bearer token, which no foreign page can make a browser send, so that lengths of compressed answers tell nobody
/// anything.
enum ContentCoding {
    /// Below this many bytes an answer is one packet either way.
    static let gzipBytesMin = 1400
    private static let chunkBytes = 16 * 1024

    /// The answer, compressed where it is worth it and the client wants it so.
    static func applied(to response: RouteResponse, for head: HTTPRequest) -> RouteResponse {
        guard isWorthIt(response) else { return response }
        var response = response
        response.headers.append(HTTPField(name: .vary, value: "Accept-Encoding"))
        guard acceptsGzip(head.headerFields[values: .acceptEncoding]),
            let packed = gzip(response.body.readableBytesView)
        else { return response }
        response.headers[.contentEncoding] = "gzip"
        response.body = packed
        return response
    }

    private static func isWorthIt(_ response: RouteResponse) -> Bool {
        guard
            response.stream == nil, response.takeover == nil, response.body.readableBytes >= gzipBytesMin,
            response.status.kind == .successful, response.status != .partialContent,
            !response.headers.contains(.eTag), !response.headers.contains(.contentEncoding),
            let type = response.headers[.contentType].flatMap(MediaType.init(contentType:))
        else { return false }
        return type.rawValue.hasPrefix("text/") || type == .json || type == .yaml || type.rawValue.hasSuffix("+json")
    }

    /// Whether `Accept-Encoding` fields ask for gzip (RFC 9110, 12.5.3): by name, or by `*` where the name is not there,
    /// and not with the weight 0.
    static func acceptsGzip(_ fields: [String]) -> Bool {
        var byName: Bool?
        var byWildcard = false
        for item in fields.joined(separator: ",").split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard let coding = parts.first else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            switch coding {
            case "gzip", "x-gzip": byName = byName ?? false || weight > 0
            case "*": byWildcard = weight > 0
            default: break
            }
        }
        return byName ?? byWildcard
    }

    /// The bytes as one gzip member; nil when zlib cannot, which leaves them to be sent as they are.
    ///
    /// At the fastest level: metrics and JSON shrink to a tenth with it, and the slower ones win little more.
    static func gzip(_ bytes: ByteBufferView) -> ByteBuffer? {
        var stream = z_stream()
        // 15 bits of window, and 16 more for a gzip header in place of zlib's own.
        let method = (level: Z_BEST_SPEED, windowBits: Int32(15 + 16), memory: Int32(8))
        guard
            deflateInit2_(
                &stream,
                method.level,
                Z_DEFLATED,
                method.windowBits,
                method.memory,
                Z_DEFAULT_STRATEGY,
                ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)
            ) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        var output = ByteBuffer()
        output.reserveCapacity(bytes.count / 8 + 64)
        let isWhole = bytes.withUnsafeBytes { input in
            stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = UInt32(input.count)
            var status = Z_OK
            while status == Z_OK {
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: chunkBytes) { room in
                    stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
                    stream.avail_out = UInt32(room.count)
                    status = deflate(&stream, Z_FINISH)
                    return room.count - Int(stream.avail_out)
                }
            }
            return status == Z_STREAM_END
        }
        return isWhole ? output : nil
    }
}
