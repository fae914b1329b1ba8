// A browser with WeChat in it, small enough to read: a window, the native bridge, and an SDK that keeps the state machine
// of jweixin-1.6.0 as reference/wechat-platform describes it (shared callbacks, `ready` also after a failure, a single
// slot for `error`, lists changed in place). The client under test is evaluated inside it.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

// `make client` runs the tests on the minified copy, too.
const file = process.env.MAGPIE_CLIENT || 'wechat-jssdk.js';
export const source = readFileSync(new URL('../../Public/' + file, import.meta.url), 'utf8');
export const agents = {
  android: 'Mozilla/5.0 (Linux; Android 14) Chrome/111.0 Mobile MicroMessenger/8.0.49',
  ios: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.49',
  devtools: 'Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) wechatdevtools/1.06 MicroMessenger/8.0.5',
  browser: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0'
};
export const later = (milliseconds = 0) => new Promise(done => setTimeout(done, milliseconds));
const alias = { onMenuShareTimeline: 'menu:share:timeline', onMenuShareAppMessage: 'menu:share:appmessage' };

export function makeSdk(window, { sandbox: everywhere, copies }) {
  const inWechat = everywhere || /micromessenger/i.test(window.navigator.userAgent);
  const shared = { completes: [] };
  let config = {}, state = 0, last = {};
  const whenBridged = action => inWechat && (window.WeixinJSBridge ? action()
    : window.addEventListener('WeixinJSBridgeReady', action));
  const rename = list => {
    list.forEach((name, index) => { list[index] = alias[name] || name; });
    return list;
  };
  function finish(name, given, callbacks) {
    const reply = copies ? { ...given } : given;
    if (!reply.errMsg) reply.errMsg = name + ':' + reply.err_msg.split(':')[1].replace(/_/g, ' ');
    delete reply.err_msg;
    if (callbacks.first) callbacks.first(reply);
    delete callbacks.first;
    const end = reply.errMsg.split(':')[1];
    const ending = callbacks[end === 'ok' ? 'success' : end === 'cancel' ? 'cancel' : 'fail'];
    if (ending) ending(reply);
    if (callbacks.complete) callbacks.complete(reply);
  }
  function invoke(name, parameters, callbacks, publicName = name) {
    if (!window.WeixinJSBridge) return;
    const { appId, timestamp, nonceStr, signature } = config;
    window.WeixinJSBridge.invoke(name, { ...parameters, appId, timestamp, nonceStr, verifySignature: signature },
      reply => finish(publicName, reply, callbacks));
  }
  return {
    config(given) {
      config = given;
      whenBridged(() => {
        const completes = shared.completes;
        shared.first = reply => { state = 1; last = reply; };
        shared.success = () => {};
        shared.fail = reply => (shared.failed ? shared.failed(reply) : (state = -1));
        shared.complete = () => {
          completes.forEach(each => each());
          shared.completes = [];
        };
        invoke('preVerifyJSAPI', { verifyJsApiList: rename(given.jsApiList), verifyOpenTagList: rename(given.openTagList) },
          shared, 'config');
      });
    },
    ready(callback) {
      if (state) callback();
      else shared.completes.push(callback);
    },
    error(callback) {
      if (state === -1) callback(last);
      else shared.failed = callback;
    },
    checkJsApi: options => invoke('checkJsApi', { jsApiList: rename(options.jsApiList) }, options),
    getNetworkType: options => invoke('getNetworkType', {}, options),
    scanQRCode: options => invoke('scanQRCode', {}, options),
    updateAppMessageShareData: options => invoke('updateAppMessageShareData', options, options),
    updateTimelineShareData: options => invoke('updateTimelineShareData', options, options),
    onMenuShareTimeline: options => invoke('onMenuShareTimeline', options, options),
    onMenuShareAppMessage: options => invoke('onMenuShareAppMessage', options, options),
    miniProgram: { navigateTo: options => invoke('navigateTo', options, options) }
  };
}

// options: agent, url, bridge ('now' | 'late' | 'sealed' | 'none'), delay, ticket, verified (what the client verifies),
// sandbox (the SDK works in any browser), copies (it leaves the bridge's replies as they are),
// scripts (url -> 'sdk' | 'error' | 'hang' | 'page'), server (parameters -> [status, body])
export function open(options = {}) {
  const seen = { scripts: [], requests: [], invocations: [], verified: [], alerts: [], complaints: [], assigned: null };
  const world = { seen, ticket: 'T', permitted: false, ...options };
  const listeners = {};
  const url = new URL(options.url || 'https://h5.example.com/?from=menu#/cart');
  const landing = url.href.split('#')[0];
  const window = {
    navigator: { userAgent: options.agent || agents.android },
    location: { get href() { return url.href; }, assign(to) { seen.assigned = to; } },
    history: {
      pushState(_state, _title, to) { url.href = new URL(to, url).href; },
      replaceState(_state, _title, to) { url.href = new URL(to, url).href; }
    },
    addEventListener(name, listener) { (listeners[name] ||= []).push(listener); },
    alert: text => seen.alerts.push(text),
    setTimeout, clearTimeout, Promise, console: { error: text => seen.complaints.push(text) }
  };
  window.window = window.self = window;
  world.window = window;
  world.emit = name => (listeners[name] || []).forEach(listener => listener({}));
  world.goBack = to => { url.href = new URL(to, url).href; world.emit('popstate'); };

  const native = {
    preVerifyJSAPI(parameters) {
      const ios = /iphone/i.test(window.navigator.userAgent) && !/wechatdevtools/.test(window.navigator.userAgent);
      const page = world.verified || (ios ? landing : url.href.split('#')[0]);
      seen.verified.push(parameters.verifySignature);
      world.permitted = parameters.verifySignature === `${world.ticket}|${page}`;
      return world.permitted ? { err_msg: 'preVerifyJSAPI:ok' }
        : { err_msg: 'preVerifyJSAPI:invalid_signature', ...(world.advice && { realAuthUrl: world.advice }), ...world.explanation };
    },
    checkJsApi: () => (world.permitted ? { err_msg: 'checkJsApi:ok' }
      : { errMsg: 'checkJsApi:fail, the permission value is offline verifying' }),
    scanQRCode: () => ({ err_msg: 'scanQRCode:cancel' })
  };
  const bridge = {
    invoke(name, parameters, callback) {
      seen.invocations.push(name);
      const wait = name === 'preVerifyJSAPI' ? world.delay ?? 5 : 1;
      if (wait === Infinity) return;
      setTimeout(() => callback(native[name] ? native[name](parameters)
        : { err_msg: `${name}:${world.permitted ? 'ok' : 'permission denied'}`, networkType: 'wifi' }), wait);
    }
  };
  if (options.bridge === 'sealed') Object.freeze(bridge);
  if (!options.bridge || options.bridge === 'sealed') window.WeixinJSBridge = bridge;
  if (options.bridge === 'late') {
    setTimeout(() => {
      window.WeixinJSBridge = bridge;
      world.emit('WeixinJSBridgeReady');
    }, 10);
  }

  world.installSdk = () => {
    if (!window.jWeixin) window.wx = window.jWeixin = makeSdk(window, options);
  };
  window.document = {
    head: {
      appendChild(script) {
        seen.scripts.push(script.src);
        const behaviour = (options.scripts || {})[script.src] || 'sdk';
        if (behaviour === 'hang') return;
        setTimeout(() => {
          if (behaviour === 'error') return script.onerror({});
          if (behaviour === 'sdk') world.installSdk();
          script.onload({});
        }, 1);
      }
    },
    createElement: () => ({})
  };

  // A faithful /get-signature: it signs with the ticket it holds, and asks for a new one only when told to.
  let held = options.heldTicket || world.ticket;
  const signed = page => ({ appId: 'wxapp', nonceStr: 'n', timestamp: '1', signature: `${held}|${page}`, url: page });
  const server = options.server || (parameters => {
    if (parameters.force) held = world.ticket;
    return [200, { ...signed(parameters.url), ...(parameters.entry && { entry: signed(parameters.entry) }) }];
  });
  window.XMLHttpRequest = class {
    open(method, target) { Object.assign(this, { method, target }); }
    send() {
      const { pathname, searchParams } = new URL(this.target, url);
      const parameters = Object.fromEntries(searchParams);
      seen.requests.push({ method: this.method, target: this.target, pathname, credentials: this.withCredentials, ...parameters });
      if (world.onRequest) world.onRequest(parameters);
      const answer = server(parameters, pathname);
      setTimeout(() => {
        if (answer === 'network') return this.onerror({ type: 'error' });
        if (answer === 'hang') return setTimeout(() => this.ontimeout({ type: 'timeout' }), this.timeout);
        [this.status, this.response = null] = answer;
        this.onload({});
      }, 1);
    }
  };
  world.context = vm.createContext(window);
  vm.runInContext(source, world.context);
  world.make = config => new window.WechatJSSDK({ timeout: 3000, ...config });
  world.signature = page => `${world.ticket}|${page}`;
  world.here = () => url.href.split('#')[0];
  world.own = () => ({ appId: 'wxapp', timestamp: '1', nonceStr: 'n', signature: world.signature(world.here()) });
  world.landing = landing;
  return world;
}

export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it should have been refused');
}
