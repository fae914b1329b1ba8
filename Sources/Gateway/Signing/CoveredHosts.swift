import Wire

/// The hosts that a list of domains covers: the domains and their sub-domains.
///
/// In one piece of memory, because every page's host is looked for here, and what is taken out of an array of domains
/// is reference-counted.
struct CoveredHosts: Sendable {
    private struct Place: Sendable {
        let start: Int
        let end: Int
        /// An address has no sub-domains.
        let coversSubdomains: Bool
    }

    private let text: [UInt8]
    private let places: [Place]

    init(of domains: [Domain]) {
        var text: [UInt8] = []
        var places: [Place] = []
        for domain in domains {
            let start = text.count
            text += domain.name.utf8
            places.append(Place(start: start, end: text.count, coversSubdomains: !domain.isAddress))
        }
        self.text = text
        self.places = places
    }

    /// Whether one of the domains covers this host, which is in lower case.
    func contains(_ host: Span<UInt8>) -> Bool {
        let text = text.span
        for index in places.indices {
            let place = places[index]
            let label = host.count - (place.end - place.start) - 1
            if label < -1 { continue }
            let rest = label < 0 ? host : host.extracting((label + 1)...)
            guard rest.isEqual(to: text.extracting(place.start..<place.end)) else { continue }
            if label < 0 || (host[label] == UInt8(ascii: ".") && place.coversSubdomains) { return true }
        }
        return false
    }
}
