import Gateway
import HTTP
import Reactor
import Secure
import Store

/// `magpie serve`: the gateway, and the simulated WeChat beside it when asked for or when there is no configuration.
enum ServeCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        var plan: ServePlan
        let file = ConfigurationFile.path(arguments)
        if let file {
            var sources = ConfigurationSources.process
            // The sandbox knows none of the real secrets.
            sources.requiresSecrets = !arguments.has("sandbox")
            guard let loaded = ConfigurationFile.load(file, sources: sources) else { return .configuration }
            plan = ServePlan(loaded.configuration, usesSandbox: arguments.has("sandbox"))
        } else {
            plan = .demonstration()
        }
        let takesOver = arguments.has("takeover")
        if takesOver, plan.usesSandbox {
            return Commands.refuse(
                .init(text: "--takeover is for a server with a configuration and without a sandbox", command: "serve"))
        }
        let log: EventLog
        do throws(LogFile.Failure) {
            log = try EventLog.opened(plan.configuration.log, noColor: Terminal.refusesColor)
        } catch {
            Terminal.complain("magpie: \(error)")
            return .configuration
        }
        defer { log.flush() }
        let cores = LoopGroup.standardCount
        let budget = DescriptorBudget(descriptors: DescriptorLimit.raise(), loops: cores)
        guard budget.isEnough else { return refuse(budget, loops: cores, log) }
        fit(&plan.configuration, to: budget, log)
        return LoopGroup.runBlocking { [plan] group in
            await Supervisor.run(log) { end in
                await start(plan, from: file, within: budget, takesOver: takesOver, until: end, on: group, log)
            }
        }
    }

    /// Takes no more connections than there are descriptors for.
    private static func fit(_ configuration: inout Gateway.Configuration, to budget: DescriptorBudget, _ log: EventLog)
    {
        guard configuration.limits.connections > budget.connections else { return }
        log.warn(
            "limits.connections does not fit the process's descriptors",
            [
                .limit(budget.connections),
                .reason("raise its limit (LimitNOFILE in systemd, ulimit -n) to serve more"),
            ])
        configuration.limits.connections = budget.connections
    }

    /// What runs: the gateway, and perhaps the platform it talks to.
    private struct Running: Serving {
        let service: Service
        let sandbox: SandboxHost?
        /// The configuration's file, if there is one.
        let file: String?
        let budget: DescriptorBudget
        let log: EventLog

        func reload() async {
            guard let file else { return service.refuseReload("there is no configuration file") }
            guard sandbox == nil else {
                return service.refuseReload("with --sandbox the configuration is read at the start only", from: file)
            }
            await service.reload(from: file) { () throws(ConfigurationRefusal) in
                var loaded = try ConfigurationLoader().load(file: file)
                fit(&loaded.configuration, to: budget, log)
                return loaded
            }
        }

        func stop() async {
            await service.stop()
            await sandbox?.stop()
        }
    }

    private static func start(
        _ plan: ServePlan, from file: String?, within budget: DescriptorBudget, takesOver: Bool, until end: Gate,
        on group: LoopGroup, _ log: EventLog
    ) async -> Result<any Serving, Supervisor.Failure> {
        var plan = plan
        var sandbox: SandboxHost?
        var opened: Service?
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
            opened = service
            // Not before it can take over is it let near the other one's visitors.
            if takesOver {
                // Six tries, one of which a lease that a killed process holds may cost.
                let lack = await service.becomeReady(
                    within: plan.configuration.upstream.timeout * 6, orUntil: end)
                if end.isOpen {
                    await service.stop()
                    log.info("stopped")
                    return .failure(.init(code: .success))
                }
                if let lack {
                    await service.stop()
                    return .failure(refusal("not ready to take over: \(lack)", .unavailable, log))
                }
            }
            try await service.start(takingOver: takesOver)
            ProgramCode.giveBack()
            if let origin { Terminal.complain(plan.greeting(sandbox: origin)) }
            return .success(Running(service: service, sandbox: sandbox, file: file, budget: budget, log: log))
        } catch {
            // Its keepers may hold leases by now.
            await opened?.stop()
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
        return refusal(reason, code, log)
    }

    private static func refusal(_ reason: String, _ code: ExitCode, _ log: EventLog) -> Supervisor.Failure {
        Terminal.complain("magpie: \(reason)")
        log.error("not started", [.reason(reason)])
        return Supervisor.Failure(code: code)
    }
}
