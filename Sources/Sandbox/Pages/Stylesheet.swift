/// The look of every page: phone first, light and dark, no font or image from outside. All pairs of colours have a contrast
/// of at least 4.5 to 1 (WCAG 2.2, 1.4.3).
enum Stylesheet {
    static let text = """
        :root{--ground:#f3f6f4;--card:#fff;--ink:#14201b;--muted:#52605a;--line:#dce3df;--accent:#08713d;--on-accent:#fff;
        --tint:#e5f3eb;--warn:#8a4b00;--warn-ground:#fff3e0;--bad:#a3201a;--bad-ground:#fdecea;color-scheme:light dark}
        @media (prefers-color-scheme:dark){:root{--ground:#0e1412;--card:#18211d;--ink:#e9f0ec;--muted:#a5b5ad;
        --line:#2c3934;--accent:#41cf86;--on-accent:#04150c;--tint:#17372a;--warn:#ffc37a;--warn-ground:#33260f;
        --bad:#ff9c94;--bad-ground:#3d1b19}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 -apple-system,BlinkMacSystemFont,"PingFang SC",
        "Noto Sans CJK SC","Microsoft YaHei",system-ui,sans-serif;overflow-wrap:anywhere}
        main,.bar>div,.banner{width:100%;max-width:34rem;margin:0 auto;padding:0 16px}
        .banner{font-size:13px;padding:10px 16px;color:var(--muted);display:flex;gap:8px;align-items:center}
        .banner b{color:var(--on-accent);background:var(--accent);border-radius:6px;padding:1px 8px;font-weight:600}
        h1{font-size:22px;line-height:1.35;margin:10px 0 8px}
        h2{font-size:17px;margin:24px 0 8px}
        .card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:16px;margin:0 0 14px}
        .app{display:flex;gap:12px;align-items:center}
        .app svg{flex:none;width:44px;height:44px;border-radius:11px}
        .app strong{display:block}
        .account .app{margin-bottom:14px}
        code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;font-size:13px}
        ul.asks{margin:10px 0 0;padding:0 0 0 20px}
        fieldset{border:0;margin:0;padding:0;min-width:0}
        legend{padding:0;font-weight:600;margin:8px 0 10px}
        .user{-webkit-tap-highlight-color:transparent;display:flex;gap:14px;align-items:center;background:var(--card);border:2px solid var(--line);border-radius:14px;
        padding:12px 14px;margin:0 0 10px;cursor:pointer;min-height:72px;position:relative}
        .user input{position:absolute;opacity:0;inset:0;width:100%;height:100%;margin:0;cursor:pointer}
        .user svg.avatar{flex:none;width:48px;height:48px;border-radius:10px}
        .user .who{flex:1;min-width:0}
        .user .name{font-weight:600;display:block;unicode-bidi:isolate}
        .user .note{font-size:14px;line-height:1.4;display:block;color:var(--muted)}
        .user .tick{flex:none;width:24px;height:24px;border-radius:50%;border:2px solid var(--muted)}
        .user:has(input:checked){border-color:var(--accent);background:var(--tint)}
        .user:has(input:checked) .tick{border-color:var(--accent);background:var(--accent);box-shadow:inset 0 0 0 4px var(--tint)}
        .user:has(input:focus-visible),button:focus-visible,a:focus-visible,summary:focus-visible{outline:3px solid var(--accent);
        outline-offset:2px}
        .check{display:flex;gap:10px;align-items:flex-start;padding:10px 2px;min-height:44px}
        .check input{width:22px;height:22px;flex:none;margin:2px 0 0;accent-color:var(--accent)}
        /* The list scrolls inside the sheet and the buttons stand below it: nothing is ever hidden behind them, neither from \
        the keyboard's focus nor from a test's click. */
        body:has(.sheet){height:100vh;height:100dvh;display:flex;flex-direction:column;overflow:hidden}
        .sheet{flex:1;min-height:0;display:flex;flex-direction:column}
        .sheet main{flex:1;width:100%;max-width:none;overflow:auto;padding:0 max(16px,calc(50% - 16rem))}
        .bar{background:var(--ground);border-top:1px solid var(--line);
        padding:12px 0 calc(12px + env(safe-area-inset-bottom))}
        .bar>div{width:100%;display:flex;gap:12px}
        button,.button{flex:1;display:block;min-height:52px;border-radius:12px;border:1px solid var(--line);
        background:var(--card);color:var(--ink);font:inherit;font-weight:600;line-height:1.2;padding:6px 12px;cursor:pointer;
        text-align:center;text-decoration:none}
        button.main{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
        .row{display:flex;gap:8px;flex-wrap:wrap}
        .notice{background:var(--warn-ground);color:var(--warn);border-radius:12px;padding:10px 14px;margin:0 0 14px;
        font-size:14px}
        details{margin:0 0 14px}
        summary{padding:10px 2px;cursor:pointer;color:var(--muted);min-height:44px;font-size:14px}
        dl{margin:0;display:grid;grid-template-columns:minmax(6rem,auto) 1fr;gap:6px 14px;font-size:14px}
        dt{color:var(--muted)}
        dd{margin:0;min-width:0}
        .error{text-align:center;padding:48px 0 8px}
        .error svg{width:72px;height:72px;color:var(--bad)}
        .number{font-size:15px;color:var(--bad);font-weight:600}
        table{width:100%;border-collapse:collapse;font-size:14px}
        td,th{text-align:left;padding:6px 0;border-top:1px solid var(--line);vertical-align:top}
        th{color:var(--muted);font-weight:400;border-top:0}
        td.count,th.count{text-align:right;font-variant-numeric:tabular-nums;padding-left:12px}
        pre{margin:0;overflow-x:auto;background:var(--ground);border-radius:10px;padding:12px;white-space:pre}
        a{color:var(--accent)}
        .qr{display:block;width:168px;height:168px;margin:12px auto;background:#fff;border-radius:12px;padding:10px}
        details:last-child{margin:0}
        .error~footer{text-align:center}
        footer{color:var(--muted);font-size:13px;padding:8px 0 32px}
        .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        .soft{color:var(--muted)}
        .plain{list-style:none;margin:0;padding:0}
        main.wide,.banner.wide{max-width:72rem}
        .wide header p,.wide .card>p{margin:0 0 12px}
        .refresh{margin-left:auto;padding:10px 0 10px 16px;font-size:14px}
        .wide h2{display:flex;justify-content:space-between;align-items:baseline;gap:12px;margin:0 0 8px}
        .wide h2 a{font-weight:400;font-size:14px}
        h3{font-size:14px;font-weight:600;margin:16px 0 8px}
        #accounts>h2{margin:22px 0 8px}
        .verdict{border-radius:14px;padding:14px 16px;margin:0 0 14px}
        .verdict p,.verdict ul{margin:0;color:var(--ink)}
        .verdict h2{margin:0 0 2px}
        .verdict li{padding:4px 0}
        .verdict .row:not(:empty){margin-top:10px}
        .good{background:var(--tint);color:var(--accent)}
        .warn{background:var(--warn-ground);color:var(--warn)}
        .bad{background:var(--bad-ground);color:var(--bad)}
        .verdict .soft,.verdict code{color:var(--ink)}
        .buttons{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.75rem,1fr));gap:8px}
        .wide button{min-height:44px;font-size:14px}
        .wide button code{font-weight:400;color:var(--muted)}
        .wide button:hover{border-color:var(--accent)}
        button.fault{display:flex;flex-direction:column;justify-content:center;align-items:flex-start;text-align:left;gap:2px;
        padding:8px 12px;min-height:56px;overflow-wrap:anywhere}
        button.small{padding:6px 12px;white-space:nowrap}
        .buttons button.small{white-space:normal}
        .segments{display:flex;background:var(--ground);border-radius:12px;padding:3px}
        .segments label{flex:1;position:relative;text-align:center;cursor:pointer}
        .segments input{position:absolute;opacity:0;inset:0;width:100%;height:100%;margin:0;cursor:pointer}
        .segments span{display:grid;place-items:center;min-height:40px;padding:2px 6px;border-radius:10px;font-size:14px;
        line-height:1.2;color:var(--muted)}
        .segments input:checked+span{background:var(--card);color:var(--ink);font-weight:600;box-shadow:0 1px 3px #0003}
        .segments input:focus-visible+span{outline:3px solid var(--accent)}
        .calls li{border-top:1px solid var(--line)}
        .calls details,.account details{margin:0}
        .calls summary{display:flex;justify-content:space-between;align-items:center;gap:12px;padding:8px 0;color:var(--ink);
        list-style:none}
        .calls summary::-webkit-details-marker{display:none}
        .calls .what{min-width:0}
        .calls .what .soft{display:block;font-size:13px}
        .calls details[open]{padding-bottom:14px}
        .calls dl{background:var(--ground);border-radius:10px;padding:10px 12px}
        .pill{flex:none;max-width:46%;font-size:13px;line-height:1.4;padding:2px 10px;border-radius:1rem;text-align:center}
        .credential{margin:0 0 14px}
        .credential p{margin:0;display:flex;gap:8px;align-items:center;font-size:14px;flex-wrap:wrap}
        .credential p .pill{margin-left:auto}
        progress{display:block;appearance:none;width:100%;height:6px;margin:6px 0;border:0;border-radius:1rem;
        background:var(--line);overflow:hidden}
        progress::-webkit-progress-bar{background:var(--line)}
        progress::-webkit-progress-value{background:var(--accent)}
        progress::-moz-progress-bar{background:var(--accent)}
        .quota{font-size:14px;margin:0 0 12px}
        .account>p:last-of-type{margin-top:0}
        .account form{margin-top:12px}
        button.switch{display:flex;width:100%;align-items:center;gap:0 10px;text-align:left;border:0;background:none;
        border-radius:0;padding:6px 0;border-top:1px solid var(--line);font-weight:400}
        .wide button.switch code{flex:1;text-align:right}
        @media (max-width:30rem){.wide button.switch code{display:none}button.switch span{flex:1}}
        button.switch i{flex:none;width:44px;height:26px;border-radius:13px;border:2px solid var(--muted);position:relative}
        button.switch i:after{content:"";position:absolute;top:3px;left:3px;width:16px;height:16px;border-radius:50%;
        background:var(--muted)}
        button.on i{background:var(--accent);border-color:var(--accent)}
        button.on i:after{left:21px;background:var(--on-accent)}
        .people li{display:flex;gap:12px;align-items:center;padding:10px 0;border-top:1px solid var(--line)}
        .people li:first-child,.calls li:first-child{border-top:0}
        .people .avatar{flex:none;width:40px;height:40px;border-radius:9px}
        .people .who{flex:1;min-width:0;font-size:14px;line-height:1.45}
        .people .who span{display:block}
        .people .name{font-weight:600;unicode-bidi:isolate}
        .people .mono{font-size:12px}
        .links a{display:inline-block;padding:8px 12px 8px 0}
        #help pre{margin-bottom:12px;white-space:pre-wrap}
        .columns{display:flex;flex-direction:column}
        .column{display:contents}
        #requests,#accounts{order:1}
        #people,#settings{order:2}
        #help{order:3}
        @media (min-width:60rem){.column{display:block;min-width:0}.columns{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:0 20px;
        align-items:start}}
        """
}
