import APIModel
import HTTP
import HTTPTypes
import Identity

/// What is done differently for the platform's own page: it keeps its refresh token where scripts cannot read it.
///
/// The page says that it is the page by a header field, which another site cannot make a browser send: the field asks for the cookie at a
/// login, and is demanded wherever the cookie is used.
enum WebClient {
    static let fieldName = "X-Kaskman-Client"
    static let fieldValue = "web"
    static let cookieName = "kaskman_refresh"
    /// The cookie goes with requests to these paths only.
    static let cookiePath = "/api/v1/auth"

    /// The declaration of the header field.
    static let parameter = Parameter.header(
        fieldName,
        .oneOf([fieldValue]),
        "Asks for the refresh token in an HttpOnly cookie instead of the body, and is required to use that cookie."
    )

    /// Whether the request says that the page sent it.
    static func sent(_ request: HTTPRequest) -> Bool {
        guard let name = HTTPField.Name(fieldName) else { return false }
        return request.headerFields[name] == fieldValue
    }

    /// The refresh token of the cookie; nil without one.
    static func refreshToken(_ request: HTTPRequest) -> String? {
        for field in request.headerFields[values: .cookie] {
            for pair in field.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                guard pair.hasPrefix(cookieName + "=") else { continue }
                let token = pair.dropFirst(cookieName.count + 1)
                if !token.isEmpty { return String(token) }
            }
        }
        return nil
    }

    /// The field that sets the cookie.
    static func cookie(_ token: String, seconds: Int64, isSecure: Bool) -> HTTPField {
        let secure = isSecure ? "; Secure" : ""
        return HTTPField(
            name: .setCookie,
            value: "\(cookieName)=\(token); Path=\(cookiePath); Max-Age=\(seconds); HttpOnly; SameSite=Strict\(secure)"
        )
    }

    /// The field that removes the cookie.
    static func noCookie(isSecure: Bool) -> HTTPField { cookie("", seconds: 0, isSecure: isSecure) }

    /// Leaves Basic out of the challenges for the page: a browser would ask for a name and password in a window of its own.
    static func challengeQuietly(_ problem: inout ProblemError, _ request: HTTPRequest) {
        if sent(request) { problem.headers[.wwwAuthenticate] = "Bearer" }
    }
}
