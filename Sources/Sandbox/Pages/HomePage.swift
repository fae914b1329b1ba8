/// The sandbox's front page: what it is, how to point a gateway at it, and what it has been asked so far.
struct HomePage {
    let accounts: [Account]
    /// As the visitor's browser reached this listener.
    let origin: String

    var page: Page {
        Page(title: "微信平台沙箱 · Magpie", body: body, script: Self.script, connects: ["'self'"])
    }

    private var body: HTML {
        """
        <div class="banner"><b>沙箱</b> <span>Magpie 鹊桥</span></div>
        <main>
        <h1>\(HTML(Bilingual("微信平台沙箱", "A sandbox of the WeChat platform")))</h1>
        <p>无需帐号与网络，即可调试网页授权与 JS-SDK。<span class="en" lang="en">Try web authorisation and the JS-SDK without an \
        account and without a network. Nothing here talks to WeChat.</span></p>
        \(accounts.map(card))
        <h2>\(HTML(Bilingual("调用次数", "Calls so far")))</h2>
        <div class="card"><table><thead><tr><th>路径 <span class="en" lang="en">Path</span></th>\
        <th class="count">次数 <span class="en" lang="en">Count</span></th></tr></thead>\
        <tbody id="counters"></tbody></table><p class="empty" id="no-counters">还没有调用。<span class="en" lang="en">None yet.\
        </span></p></div>
        <h2>\(HTML(Bilingual("最近事件", "Latest events")))</h2>
        <div class="card"><ol class="events" id="events"></ol><p class="empty" id="no-events">还没有事件。<span class="en" \
        lang="en">None yet.</span></p></div>
        <h2>\(HTML(Bilingual("入口", "Ways in")))</h2>
        <div class="card"><dl>
        <dt>访客 <span class="en" lang="en">Visitor</span></dt><dd><a href="/connect/visitor">这个浏览器是谁 <span class="en" \
        lang="en">Who this browser is</span></a></dd>
        <dt>JS-SDK</dt><dd><a href="/open/js/jweixin-1.6.0.js" class="mono">/open/js/jweixin-1.6.0.js</a></dd>
        <dt>状态 <span class="en" lang="en">State</span></dt><dd><a href="/_sandbox/state" class="mono">/_sandbox/state</a></dd>
        <dt>开关 <span class="en" lang="en">Knobs</span></dt><dd><a href="/_sandbox/settings" class="mono">/_sandbox/settings</a></dd>
        <dt>事件 <span class="en" lang="en">Events</span></dt><dd><a href="/_sandbox/events" class="mono">/_sandbox/events</a></dd>
        <dt>控制 <span class="en" lang="en">Control</span></dt><dd><a href="/_sandbox/" class="mono">/_sandbox/</a></dd>
        </dl></div>
        <footer>仅供开发测试，这些密钥不是秘密。<span class="en" lang="en">For development only; these secrets are none.</span></footer>
        </main>
        """
    }

    private func card(_ account: Account) -> HTML {
        let kind =
            account.kind == .official
            ? Bilingual("公众号", "Official account") : Bilingual("网站应用", "Website application")
        let configuration: HTML =
            account.kind == .official
            ? """
            <details><summary>Magpie 配置 <span class="en" lang="en">Configuration for Magpie</span></summary>
            <pre class="mono" tabindex="0">upstream: { api: "\(origin)",
                        open: "\(origin)" },
            accounts: [{ name: "\(account.name)",
              appId: "\(account.appID)",
              appSecret: "\(account.appSecret)",
              token: "\(account.token)",
              jsDomains: [\(account.jsDomains.map { "\"\($0)\"" }.joined(separator: ", "))] }]</pre></details>
            """ : ""
        return """
            <section class="card account" data-account="\(account.name)"><div class="app">\(Pictures.bridge)<div><strong>\
            \(account.name)</strong>\(HTML(kind))</div></div>
            <dl><dt>appId</dt><dd class="mono">\(account.appID)</dd><dt>appSecret</dt><dd class="mono">\
            \(account.appSecret)</dd><dt>token</dt><dd class="mono">\(account.token)</dd><dt>域名 <span class="en" \
            lang="en">Domains</span></dt><dd class="mono">\(account.jsDomains.joined(separator: " "))</dd></dl>
            \(configuration)</section>

            """
    }

    private static let script = """
        const get=id=>document.getElementById(id);
        const element=(name,text,style)=>{const made=document.createElement(name);made.textContent=text;
        if(style)made.className=style;return made};
        async function show(){
          try{
            const {counters}=await (await fetch('/_sandbox/counters')).json();
            const {events}=await (await fetch('/_sandbox/events?last=12')).json();
            get('counters').replaceChildren(...Object.entries(counters).sort((a,b)=>b[1]-a[1]).map(([path,count])=>{
              const row=document.createElement('tr');
              row.append(element('td',path,'mono'),element('td',count,'count'));return row}));
            get('events').replaceChildren(...events.reverse().map(event=>{
              const item=element('li','');
              item.append(element('span',new Date(event.time*1000).toLocaleTimeString()+' ','en'),
                element('b',event.kind),element('span',' '+event.path+' '),element('span',event.detail,'en'));return item}));
            get('no-counters').hidden=Object.keys(counters).length>0;
            get('no-events').hidden=events.length>0;
          }catch{}
          setTimeout(show,document.hidden?10000:2000);
        }
        show();
        """
}
