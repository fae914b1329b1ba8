import Synchronization
package import Wire

/// A number several threads add to without a lock.
final class MetricCell: Sendable {
    private let number = Atomic<Int>(0)

    var value: Int { number.load(ordering: .relaxed) }

    // Relaxed is enough: a sample is a number on its own, nothing else is published through it.
    func add(_ amount: Int) { number.wrappingAdd(amount, ordering: .relaxed) }
    func set(_ value: Int) { number.store(value, ordering: .relaxed) }
}

/// One label of a family with every value it can take; all others are counted as the last one, so that no client and
/// no upstream can make the exposition grow.
struct MetricLabel: Sendable {
    static let other = "other"
    private static let few = 12

    let name: String
    let values: [String]
    private let places: [String: Int]

    init(_ name: String, _ values: [String], isOpen: Bool = false) {
        self.name = name
        self.values = isOpen ? values + [Self.other] : values
        places = Dictionary(zip(self.values, self.values.indices)) { first, _ in first }
    }

    /// The place of a value, or of `other`. To compare with a few short texts costs less than to hash one.
    func place(of value: String) -> Int {
        if values.count <= Self.few { return values.firstIndex(of: value) ?? values.count - 1 }
        return places[value] ?? values.count - 1
    }
}

/// Counters or gauges of one name: a flat table of cells, one for every combination of label values.
final class MetricTable: Sendable {
    let labels: [MetricLabel]
    private let cells: [MetricCell]

    init(_ labels: [MetricLabel]) {
        self.labels = labels
        let count = labels.reduce(1) { $0 * $1.values.count }
        cells = (0..<count).map { _ in MetricCell() }
    }

    /// With other values for the first label; what has been counted for those that stay goes on.
    init(_ first: MetricLabel, continuing former: MetricTable) {
        let rest = former.labels.dropFirst()
        let width = rest.reduce(1) { $0 * $1.values.count }
        labels = [first] + rest
        cells = first.values.flatMap { value in
            guard let row = former.labels[0].values.firstIndex(of: value) else {
                return (0..<width).map { _ in MetricCell() }
            }
            return Array(former.cells[(row * width)..<((row + 1) * width)])
        }
    }

    // The label values in the order of the labels. Three subscripts rather than a variadic one: a request is counted
    // through the longest of them, and a variadic call allocates.

    subscript(_ value: String) -> MetricCell {
        precondition(labels.count == 1, "a sample names one value for each label of its family")
        return cells[labels[0].place(of: value)]
    }

    subscript(_ first: String, _ second: String) -> MetricCell {
        precondition(labels.count == 2, "a sample names one value for each label of its family")
        return cells[labels[0].place(of: first) * labels[1].values.count + labels[1].place(of: second)]
    }

    subscript(_ first: String, _ second: String, _ third: String) -> MetricCell {
        precondition(labels.count == 3, "a sample names one value for each label of its family")
        let row = labels[0].place(of: first) * labels[1].values.count + labels[1].place(of: second)
        return cells[row * labels[2].values.count + labels[2].place(of: third)]
    }

    /// Every cell with its labels, in a fixed order.
    var samples: [(labels: [(name: String, value: String)], value: Int)] {
        cells.enumerated().map { index, cell in
            var rest = index
            var named: [(name: String, value: String)] = []
            for label in labels.reversed() {
                named.append((label.name, label.values[rest % label.values.count]))
                rest /= label.values.count
            }
            return (named.reversed(), cell.value)
        }
    }
}

/// Durations in buckets, one series for each value of one label.
final class MetricHistogram: Sendable {
    /// Upper bounds in seconds: from an answer out of memory to an upstream's deadline.
    static let bounds: [(text: String, nanoseconds: Int)] = [
        ("0.0001", 100_000), ("0.00025", 250_000), ("0.0005", 500_000), ("0.001", 1_000_000), ("0.0025", 2_500_000),
        ("0.005", 5_000_000), ("0.01", 10_000_000), ("0.025", 25_000_000), ("0.05", 50_000_000),
        ("0.1", 100_000_000), ("0.25", 250_000_000), ("0.5", 500_000_000), ("1", 1_000_000_000),
        ("2.5", 2_500_000_000), ("5", 5_000_000_000), ("10", 10_000_000_000),
    ]

    /// The same without their texts, for every request to go through.
    private static let limits = bounds.map(\.nanoseconds)

    struct Series: Sendable {
        /// One cell per bound and one for everything beyond; not cumulative until they are printed.
        let buckets = (0...MetricHistogram.bounds.count).map { _ in MetricCell() }
        let nanoseconds = MetricCell()

        func observe(_ duration: Duration) {
            let (seconds, attoseconds) = duration.components
            observe(nanoseconds: max(0, Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)))
        }

        func observe(nanoseconds taken: Int) {
            let limits = MetricHistogram.limits
            var place = 0
            while place < limits.count, taken > limits[place] { place += 1 }
            buckets[place].add(1)
            nanoseconds.add(taken)
        }
    }

    let label: MetricLabel
    private let series: [Series]

    init(_ label: MetricLabel) {
        self.label = label
        series = label.values.map { _ in Series() }
    }

    subscript(_ value: String) -> Series { series[label.place(of: value)] }

    var all: [(value: String, series: Series)] { Array(zip(label.values, series)) }
}

/// The cells of one route, found once: every request is counted in them.
package final class RouteMetrics: Sendable {
    /// Those that are told apart; the last stands for all others.
    static let methods: [Method] = [.get, .head, .post, .options, .other("other")]

    private let answers: [[MetricCell]]
    private let durations: MetricHistogram.Series

    /// - Parameter answers: by method, and then by the class of the status.
    init(answers: [[MetricCell]], durations: MetricHistogram.Series) {
        self.answers = answers
        self.durations = durations
    }

    package func note(_ method: Method, _ status: Status, nanoseconds: Int) {
        let row =
            switch method {
            case .get: 0
            case .head: 1
            case .post: 2
            case .options: 3
            default: 4
            }
        answers[row][min(max(status.code / 100, 1), 5) - 1].add(1)
        durations.observe(nanoseconds: nanoseconds)
    }
}
