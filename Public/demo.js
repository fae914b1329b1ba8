// The demo page: it signs itself, calls WeChat, logs in and out. Everything that comes from outside is set as text.
(function () {
  'use strict';

  const element = id => document.getElementById(id);
  const BROKEN = '0'.repeat(40);

  // --- languages ---

  function speak(language) {
    document.documentElement.lang = language;
    document.title = language === 'en' ? 'Magpie: the bridge to WeChat' : '鹊桥 Magpie：通往微信的桥';
  }

  function remembered() {
    try {
      return localStorage.getItem('magpie.language');
    } catch (ignored) { // storage may be forbidden
      return null;
    }
  }

  element('language').addEventListener('click', () => {
    const language = document.documentElement.lang === 'en' ? 'zh-CN' : 'en';
    speak(language);
    try {
      localStorage.setItem('magpie.language', language);
    } catch (ignored) { /* then it is asked again next time */ }
  });
  speak(remembered() === 'en' || remembered() === 'zh-CN' ? remembered()
    : /^zh/i.test(navigator.language) ? 'zh-CN' : 'en');

  // A text in both languages; the style sheet shows one.
  function say(target, english, chinese) {
    target.textContent = '';
    for (const [language, text] of [['en', english], ['zh-CN', chinese]]) {
      const span = document.createElement('span');
      span.lang = language;
      span.textContent = text;
      target.append(span);
    }
    target.hidden = false;
  }

  // --- why it failed ---

  const reasons = [
    [/invalid signature/, 'WeChat made its own signature of this address and got another result. Usual reasons: the signed address is not exactly the one in the address bar, the ticket is not the newest, or nonce and timestamp are not those that were signed.',
      '微信对当前网址重新计算了签名，结果不同。常见原因：签名的网址与地址栏不完全一致；ticket 不是最新的；nonceStr 或 timestamp 与签名时不同。'],
    [/invalid url domain/, 'This host is not among the account\'s JS interface safe domains.', '当前域名不在公众号的“JS 接口安全域名”中。'],
    [/permission/, 'The page has no permission: sign it first, and list the API in jsApiList.', '没有权限：请先签名，并把接口写进 jsApiList。']
  ];
  const codes = {
    outside_wechat: ['Open this page in WeChat, or start Magpie with its sandbox.', '请在微信中打开此页面，或启动 Magpie 的沙箱。'],
    script_failed: ['WeChat\'s script could not be loaded, from its backup host neither.', '微信脚本加载失败，备用域名也不可用。'],
    network: ['The server did not answer.', '服务器没有应答。'],
    timeout: ['It took too long.', '等待超时。'],
    refused: ['The server refused.', '服务器拒绝了请求。'],
    api_cancel: ['Cancelled.', '已取消。']
  };

  function explain(error) {
    const reason = reasons.find(([pattern]) => pattern.test(error.errMsg || ''));
    const [english, chinese] = reason ? reason.slice(1) : codes[error.code] || ['Something else went wrong.', '出现了其他错误。'];
    // The server's advice, or the sandbox's finding: WeChat itself never says why.
    const hint = error.reason || error.answer && error.answer.error && error.answer.error.hint;
    return hint ? [`${english}\nFound here: ${hint}`, `${chinese}\n本次原因：${hint}`] : [english, chinese];
  }

  // --- 1. signature ---

  let jssdk;

  function setStatus(state, english, chinese) {
    const status = element('status');
    say(status, english, chinese);
    status.dataset.state = state;
    element('error').hidden = state !== 'error';
    const { appId, signature } = jssdk.config;
    element('signed').hidden = !signature;
    element('signed-url').textContent = location.href.split('#')[0];
    element('signed-app').textContent = appId || '';
    element('signed-signature').textContent = signature || '';
  }

  async function sign(attempt) {
    const buttons = [element('resign'), element('break')];
    for (const button of buttons) button.disabled = true;
    setStatus('pending', 'Waiting for WeChat\'s verdict…', '等待微信验证…');
    try {
      await attempt();
      setStatus('ready', 'WeChat accepted the signature', '微信已接受签名');
    } catch (error) {
      element('error-message').textContent = error.errMsg || error.message;
      say(element('error-hint'), ...explain(error));
      setStatus('error', 'WeChat did not accept this page', '微信没有接受此页面');
    }
    for (const button of buttons) button.disabled = false;
  }

  element('resign').addEventListener('click', () => sign(() => jssdk.signSignature()));
  element('break').addEventListener('click', () => sign(() => jssdk.signSignature({ signature: BROKEN })));

  // --- 2. calls ---

  async function show(call) {
    const result = element('api-result');
    result.hidden = false;
    result.dataset.state = 'pending';
    result.textContent = '…';
    try {
      const answer = await call();
      // call() signs a page anew whose last signature was refused.
      if (element('status').dataset.state === 'error') setStatus('ready', 'Signed again, and accepted', '已重新签名并通过');
      result.textContent = JSON.stringify(answer, null, 2);
      result.dataset.state = 'ready';
    } catch (error) {
      result.textContent = error.message + '\n';
      const hint = document.createElement('span');
      say(hint, ...explain(error));
      result.append(hint);
      result.dataset.state = 'error';
    }
  }

  element('call-api').addEventListener('click', () => show(() => jssdk.call('getNetworkType')));
  element('share').addEventListener('click', () => show(() => jssdk.call('updateAppMessageShareData', {
    title: 'Magpie 鹊桥', desc: 'A bridge between WeChat and your pages', link: location.href,
    imgUrl: new URL('favicon.svg', location.href).href
  })));

  // --- 3. session ---

  // Only addresses of pictures: a profile is written by the visitor.
  function pictureOf(profile) {
    try {
      const url = new URL(profile.headimgurl);
      return /^https?:$/.test(url.protocol) ? url.href : null;
    } catch (ignored) {
      return null;
    }
  }

  function sayTime(target, value) {
    say(target, ...['en-GB', 'zh-CN'].map(locale => new Date(value).toLocaleString(locale)));
  }

  function showVisitor(session) {
    element('session').dataset.state = session ? 'active' : 'none';
    for (const id of ['visitor', 'logout']) element(id).hidden = !session;
    element('nobody').hidden = !!session;
    element('login-base').hidden = !!session;
    const asksMore = session && session.scope === 'base';
    element('login-userinfo').hidden = !!session && !asksMore;
    if (!session) return;
    const profile = session.profile || {};
    if (profile.nickname) element('nickname').textContent = profile.nickname;
    else say(element('nickname'), 'A visitor without a name', '没有昵称的访客');
    element('initial').textContent = Array.from(profile.nickname || '鹊')[0];
    element('scope').textContent = session.scope;
    element('snapshot').hidden = !session.snapshot;
    element('openid').textContent = session.openid;
    for (const id of ['unionid', 'unionid-name']) element(id).hidden = !session.unionid;
    element('unionid').textContent = session.unionid || '';
    sayTime(element('expires'), session.expiresAt);
    const avatar = element('avatar'), picture = pictureOf(profile);
    avatar.hidden = true;
    avatar.onload = () => { avatar.hidden = false; };
    if (picture) avatar.src = picture;
  }

  async function refreshVisitor() {
    try {
      showVisitor(await jssdk.session());
    } catch (error) {
      say(element('login-message'), 'The session could not be read. ' + error.message, '无法读取会话。' + error.message);
    }
  }

  element('login-base').addEventListener('click', () => jssdk.login({ scope: 'base' }));
  element('login-userinfo').addEventListener('click', () => jssdk.login({ scope: 'userinfo' }));
  element('logout').addEventListener('click', async () => {
    try {
      await jssdk.logout();
    } catch (error) {
      say(element('login-message'), 'Logging out failed. ' + error.message, '退出失败。' + error.message);
    }
    await refreshVisitor();
  });

  // A refused login comes back with its reason in the query: told once, then taken out of the address.
  function tellRefusal() {
    const url = new URL(location.href), refusal = url.searchParams.get('wechat_error');
    if (!refusal) return;
    url.searchParams.delete('wechat_error');
    history.replaceState(history.state, '', url);
    element('login-message').className = refusal === 'access_denied' ? 'status' : 'problem';
    if (refusal === 'access_denied') {
      say(element('login-message'), 'You chose not to log in. That is fine: the page goes on without.', '你选择了不登录。没有关系，页面照常使用。');
    } else {
      say(element('login-message'), 'The login failed: ' + refusal, '登录失败：' + refusal);
    }
  }

  // --- start ---

  async function settings() {
    try {
      const answer = await fetch('magpie.json', { cache: 'no-store' });
      return answer.ok ? await answer.json() : {};
    } catch (ignored) { // then WeChat's own script and the only account
      return {};
    }
  }

  async function start() {
    tellRefusal();
    const { sdkUrl, sandbox, account } = await settings();
    element('sandbox').hidden = !sandbox;
    jssdk = new WechatJSSDK({ signatureUrl: '/get-signature', account, customUrl: sdkUrl, jsApiList: ['getNetworkType'] });
    for (const button of document.querySelectorAll('button')) button.disabled = false;
    await Promise.all([sign(() => jssdk.initialize()), refreshVisitor()]);
  }

  start();
}());
