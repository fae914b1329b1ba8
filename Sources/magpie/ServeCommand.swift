import Gateway
import HTTP
import Reactor
import Secure
import Store

/// `magpie serve`: the gateway, and the simulated WeChat beside it when asked for or when there is no configuration.
enum ServeCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        var plan: ServePlan
        if let path = ConfigurationFile.path(arguments) {
            var sources = ConfigurationSources.process
            // The sandbox knows none of the real secrets.
            sources.requiresSecrets = !arguments.has("sandbox")
            guard let loaded = ConfigurationFile.load(path, sources: sources) else { return .configuration }
            plan = ServePlan(loaded.configuration, usesSandbox: arguments.has("sandbox"))
        } else {
            plan = .demonstration()
        }
        let log = EventLog.standardOutput(plan.configuration.log, noColor: Terminal.refusesColor)
        defer { log.flush() }
        let cores = LoopGroup.standardCount
        let budget = DescriptorBudget(descriptors: DescriptorLimit.raise(), loops: cores)
        guard budget.isEnough else { return refuse(budget, loops: cores, log) }
        if plan.configuration.limits.connections > budget.connections {
            log.warn(
                "limits.connections does not fit the process's descriptors",
                [
                    .limit(budget.connections),
                    .reason("raise its limit (LimitNOFILE in systemd, ulimit -n) to serve more"),
                ])
            plan.configuration.limits.connections = budget.connections
        }
        return LoopGroup.runBlocking { [plan] group in
            await Supervisor.run(log) { await start(plan, on: group, log) }
        }
    }

    /// What runs: the gateway, and perhaps the platform it talks to.
    private struct Running: Serving {
        let service: Service
        let sandbox: SandboxHost?

        func stop() async {
            await service.stop()
            await sandbox?.stop()
        }
    }

    private static func start(
        _ plan: ServePlan, on group: LoopGroup, _ log: EventLog
    ) async -> Result<any Serving, Supervisor.Failure> {
        var plan = plan
        var sandbox: SandboxHost?
        do {
            var origin: Origin?
            if plan.usesSandbox {
                let host = try await SandboxHost.start(
                    at: plan.configuration.sandboxListen, tenants: plan.tenants, on: group)
                sandbox = host
                let found = host.origin(seenFrom: plan.configuration.publicURL)
                plan.use(sandboxAt: found)
                origin = found
            }
            let script = origin.map { "\($0)/open/js/jweixin-1.6.0.js" }
            let service = try Service(plan.configuration, log: log, group: group, sandboxSDK: script)
            try await service.start()
            if let origin { Terminal.complain(plan.greeting(sandbox: origin)) }
            return .success(Running(service: service, sandbox: sandbox))
        } catch {
            await sandbox?.stop()
            return .failure(failure(error, log))
        }
    }

    /// Said before anything is opened, which would fail in places that cannot say it so well.
    private static func refuse(_ budget: DescriptorBudget, loops: Int, _ log: EventLog) -> ExitCode {
        let reason =
            "the process may have \(budget.descriptors) descriptors only, and needs at least "
            + "\(DescriptorBudget.least(loops: loops)): raise its limit (LimitNOFILE in systemd, ulimit -n)"
        Terminal.complain("magpie: \(reason)")
        log.error("not started", [.reason(reason)])
        return .unavailable
    }

    /// Said in words on standard error, for whoever typed the command, and in the log, for whoever reads that.
    private static func failure(_ error: any Error, _ log: EventLog) -> Supervisor.Failure {
        let (reason, code): (String, ExitCode) =
            switch error {
            case let error as ServerError: (error.description, .unavailable)
            case let error as StoreError: ("the store cannot be used: \(error)", .unavailable)
            case let error as SecureError:
                ("the files of tls or upstream.caFile cannot be used: \(error)", .configuration)
            default: ("an unexpected \(type(of: error))", .failure)
            }
        Terminal.complain("magpie: \(reason)")
        log.error("not started", [.reason(reason)])
        return Supervisor.Failure(code: code)
    }
}
