import Gateway
import Glibc

/// Which configuration file a command uses, and what is told when it cannot be used.
enum ConfigurationFile {
    static let standardPath = "config/magpie.json5"

    /// The first of `--config`, `$MAGPIE_CONFIG` and `config/magpie.json5`; nil when none was named and the last does
    /// not exist. A file that was named must exist.
    static func path(
        _ arguments: Arguments, variable: (String) -> String? = Terminal.variable,
        exists: (String) -> Bool = { access($0, F_OK) == 0 }
    ) -> String? {
        if let named = arguments["config"] { return named }
        if let named = variable("MAGPIE_CONFIG"), !named.isEmpty { return named }
        return exists(standardPath) ? standardPath : nil
    }

    /// The configuration, or nil after every complaint about it was printed.
    static func load(
        _ path: String, sources: ConfigurationSources = .process, warns: Bool = true
    ) -> ConfigurationLoader.Loaded? {
        do throws(ConfigurationRefusal) {
            let loaded = try ConfigurationLoader(sources: sources).load(file: path)
            if warns {
                for warning in loaded.warnings { Terminal.complain("magpie: \(path): warning: \(warning)") }
            }
            return loaded
        } catch {
            Terminal.complain("magpie: \(error)")
            return nil
        }
    }
}
