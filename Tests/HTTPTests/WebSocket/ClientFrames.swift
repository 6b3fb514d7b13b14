import NIOCore

@testable import HTTP

/// Bytes as a client sends them: masked, valid or not.
enum ClientFrames {
    static func frame(
        _ opcode: UInt8,
        _ payload: [UInt8] = [],
        isFinal: Bool = true,
        reserved: UInt8 = 0,
        mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]
    ) -> [UInt8] {
        var bytes: [UInt8] = [opcode | (isFinal ? 0x80 : 0) | reserved]
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case ...125: bytes.append(masked | UInt8(payload.count))
        case ...0xFFFF: bytes += [masked | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default: bytes += [masked | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        guard let mask else { return bytes + payload }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    static func text(_ text: String, isFinal: Bool = true) -> [UInt8] { frame(1, Array(text.utf8), isFinal: isFinal) }

    static func rest(_ text: String, isFinal: Bool = true) -> [UInt8] { frame(0, Array(text.utf8), isFinal: isFinal) }

    static func close(_ code: UInt16?, _ reason: String = "") -> [UInt8] {
        frame(8, (code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? []) + Array(reason.utf8))
    }
}

/// What the codec makes of bytes: the events, in a short form, and the fault that ended them.
struct Codec {
    var decoder: FrameDecoder
    var assembler: MessageAssembler
    private(set) var said: [String] = []

    init(frameBytesMax: Int = 1 << 20, messageBytesMax: Int = 1 << 20, allowsCompression: Bool = false) {
        decoder = FrameDecoder(frameBytesMax: frameBytesMax, allowsCompression: allowsCompression)
        assembler = MessageAssembler(messageBytesMax: messageBytesMax)
    }

    mutating func take(_ bytes: some Sequence<UInt8>) {
        guard said.last?.hasPrefix("!") != true else { return }
        decoder.append(ByteBuffer(bytes: bytes))
        do throws(WebSocketFault) {
            while let frame = try decoder.next() {
                if let event = try assembler.take(frame) { said.append(Self.words(event)) }
            }
        } catch {
            said.append("!\(error.code.rawValue)")
        }
    }

    static func words(_ event: WebSocketEvent) -> String {
        switch event {
        case .text(let text): "text " + short(String(buffer: text))
        case .binary(let bytes): "binary \(bytes.readableBytes)"
        case .ping(let payload): "ping " + short(String(buffer: payload))
        case .pong(let payload): "pong " + short(String(buffer: payload))
        case .close(let code): "close " + (code.map { String($0.rawValue) } ?? "-")
        }
    }

    private static func short(_ text: String) -> String { text.utf8.count > 40 ? "\(text.utf8.count) bytes" : text }
}
