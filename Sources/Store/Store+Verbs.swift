// What callers say every day, each one commit (or a read and a commit) of any store.

extension Store {
    /// Creates or replaces a record.
    public func put(_ key: Key, _ record: Record) async throws(StoreError) {
        _ = try await commit([.put(key, record)], if: [])
    }

    /// Removes a record; removing what is absent is no error.
    public func remove(_ key: Key) async throws(StoreError) {
        _ = try await commit([.remove(key)], if: [])
    }

    /// Removes a live record and returns it: of any number of callers, in any number of processes, exactly one gets
    /// it and the others get `nil`. This is "use once".
    public func take(_ key: Key) async throws(StoreError) -> Record? {
        // Another round only when somebody else changed the record in between: someone always makes progress.
        while let record = try await read(key) {
            if try await commit([.remove(key)], if: [.equals(key, record.value)]) { return record }
        }
        return nil
    }

    /// Compare and swap: writes `record` only if the live value is still `expected` (`nil` = there is none).
    ///
    /// - Returns: Whether it was written.
    public func replace(_ key: Key, expecting expected: [UInt8]?, with record: Record) async throws(StoreError) -> Bool
    {
        try await commit([.put(key, record)], if: [expected.map { .equals(key, $0) } ?? .absent(key)])
    }
}
