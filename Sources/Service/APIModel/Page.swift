package import JSON

/// A page of a list: the items, and where the next page begins.
package struct Page<Item> {
    package let items: [Item]
    /// To be sent as the parameter `cursor` for the next page; nil on the last page.
    ///
    /// Opaque to clients.
    package let nextCursor: String?

    package init(items: [Item], nextCursor: String?) {
        self.items = items
        self.nextCursor = nextCursor
    }

    private enum CodingKeys: String, CodingKey {
        case items, nextCursor = "next_cursor"
    }
}

extension Page: Sendable where Item: Sendable {}
extension Page: Equatable where Item: Equatable {}
extension Page: Encodable where Item: Encodable {}
extension Page: Decodable where Item: Decodable {}

extension Page: JSONWritable where Item: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("items", items)
            json.key("next_cursor")
            if let nextCursor { json.string(nextCursor) } else { json.null() }
        }
    }
}

extension JSONSchema {
    /// The schema of a page of items.
    package static func page(of item: JSONSchema) -> JSONSchema {
        .object([
            .required("items", .array(of: item)),
            .required("next_cursor", .string().orNull, "Where the next page begins; null on the last page."),
        ])
    }
}
