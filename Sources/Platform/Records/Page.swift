package import JSON

/// A page of a list: the items, and where the next page begins.
package struct Page<Item: Sendable>: Sendable {
    package let items: [Item]
    /// To be sent as the parameter `cursor` for the next page; nil on the last one.
    package let nextCursor: String?

    package init(items: [Item], nextCursor: String?) {
        self.items = items
        self.nextCursor = nextCursor
    }

    /// The same page with other items.
    package func map<Other: Sendable, Failure: Error>(
        _ transform: (Item) throws(Failure) -> Other
    ) throws(Failure) -> Page<Other> {
        var others: [Other] = []
        others.reserveCapacity(items.count)
        for item in items { others.append(try transform(item)) }
        return Page<Other>(items: others, nextCursor: nextCursor)
    }
}

extension Page: JSONWritable where Item: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("items", items)
            json.member("next_cursor", orNull: nextCursor)
        }
    }
}
