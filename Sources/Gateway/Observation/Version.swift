/// The one place that knows which Magpie this is: `magpie version`, `/status` and `magpie_build_info` read it.
package enum Version {
    package static let current = "0.1.0"
}
