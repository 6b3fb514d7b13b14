import Testing

@testable import Client

@Suite("Errors of the transport")
struct TransportErrorTests {
    @Test(
        "A failed TLS handshake is told in words",
        arguments: [
            ("WRONG_VERSION_NUMBER", "it does not speak TLS; is its address http:// instead of https://?"),
            (
                "CERTIFICATE_VERIFY_FAILED",
                "its certificate is not trusted: it is signed by nobody this machine knows, has expired, or is for another name"
            ),
            ("NO_SHARED_CIPHER", "TLS: no shared cipher"),
        ]
    )
    func handshake(code: String, reason: String) {
        let text =
            "sslError([Error: 268435703 error:100000f7:SSL routines:OPENSSL_internal:\(code) at /x/tls_record.cc:127])"
        #expect(HTTPClientTransport.tlsReason(text) == reason)
    }

    @Test("What BoringSSL did not say is told as it is")
    func other() {
        #expect(HTTPClientTransport.tlsReason("uncleanShutdown") == "TLS: uncleanShutdown")
    }
}
