/*!
 * Magpie's client for WeChat's JS-SDK. MIT licence. ES2015 syntax: every WeChat that is still let in reads it as it is.
 *
 *   const jssdk = new WechatJSSDK({ signatureUrl: '/get-signature', jsApiList: ['getNetworkType'] });
 *   const { networkType } = await jssdk.call('getNetworkType');
 *
 * Same class, methods and options as the client of the Node library wechat-jssdk. Load it early, with a plain script
 * element: the URL at that moment is the one WeChat on iOS verifies for the whole life of the page.
 * Options and errors are described in wechat-jssdk.d.ts; wechat-jssdk.mjs and wechat-jssdk.min.js are made from this file
 * by .ci/client-module.
 */
(function (factory) {
  if (typeof define === 'function' && define.amd) define([], factory);
  else if (typeof module === 'object' && module.exports) module.exports = factory();
  else self.WechatJSSDK = factory();
}(function () {
'use strict';

const W = typeof window === 'undefined' ? null : window; // a server that renders pages may import this file
// wechat-jssdk's helpers and the APIs behind them; WeChat has deprecated the first two.
const SHARING = { shareOnMoment: 'onMenuShareTimeline', shareOnChat: 'onMenuShareAppMessage' };
for (const name of ['updateAppMessageShareData', 'updateTimelineShareData']) SHARING[name] = name;
const FIELDS = ['appId', 'timestamp', 'nonceStr', 'signature'];

const agent = W ? W.navigator.userAgent : '';
const named = /micromessenger/i.test(agent);
// WeChat on iOS verifies the URL of the last full page load and does not notice pushState; elsewhere it is the URL in
// the address bar. The developer tools imitate an iPhone, but not in this.
const entryCounts = named && /iphone|ipad|ipod/i.test(agent) && !/wechatdevtools/i.test(agent);

const withoutFragment = url => url.split('#')[0];
const currentUrl = () => withoutFragment(W.location.href);
const targetUrl = config => entryCounts ? config.entryUrl : currentUrl();

// Shared by every instance and every copy of this file on the page: there is one SDK, and one verdict at a time.
const page = W && (W.__wechatJSSDK = W.__wechatJSSDK || { entry: currentUrl(), turn: Promise.resolve() });

class WechatError extends Error {
  constructor(code, message, detail) {
    super(message);
    Object.assign(this, detail, { name: 'WechatError', code, message });
  }
}

const ignore = () => {};

// The sandbox plays WeChat in any browser: it brings a bridge and leaves the user agent as it is.
function requireWechat() {
  if (!named && !(W && W.WeixinJSBridge)) throw new WechatError('outside_wechat', 'the page is not open in WeChat');
}

// jweixin defines both names, and nothing when jWeixin exists already; `wx` alone may be somebody else's.
function loadedSdk() {
  const sdk = W && (W.jWeixin || W.wx);
  return sdk && sdk.config && sdk;
}

function within(deadline, awaited, promise) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new WechatError('timeout', 'timed out: ' + awaited)), deadline - Date.now());
    promise.then(resolve, reject);
  });
}

function insertScript(url) {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new WechatError('script_failed', 'could not load ' + url));
    // Beside an AMD loader jweixin defines no global: it has to come through that loader.
    if (W.define && W.define.amd && W.require) return W.require([url], resolve, fail);
    W.document.head.appendChild(Object.assign(W.document.createElement('script'), {
      // A captive portal answers a script with a page.
      src: url, onerror: fail, onload: () => loadedSdk() ? resolve(loadedSdk()) : fail()
    }));
  });
}

function loadSdk(url, deadline) {
  if (loadedSdk()) return Promise.resolve(loadedSdk());
  page.sdk = page.sdk || within((Date.now() + deadline) / 2, url, insertScript(url)).catch(() =>
    insertScript(url.replace('//res.wx.qq.com/', '//res2.wx.qq.com/')) // Tencent's backup host
  ).catch(error => {
    page.sdk = null; // the next initialize() tries again
    throw error;
  });
  return within(deadline, url, page.sdk);
}

function withQuery(url, query) {
  for (const name in query) {
    if (query[name]) url += `${/\?/.test(url) ? '&' : '?'}${name}=${encodeURIComponent(query[name])}`;
  }
  return url;
}

// XMLHttpRequest, because it can be given up: `fetch` learnt that late.
function request(method, url, deadline, credentials = true) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest(), from = ' from ' + url.split('?')[0];
    xhr.open(method, url);
    xhr.timeout = Math.max(1, deadline - Date.now());
    xhr.responseType = 'json';
    xhr.withCredentials = credentials;
    xhr.onerror = xhr.ontimeout = event =>
      reject(new WechatError(event.type === 'timeout' ? 'timeout' : 'network', 'no answer' + from));
    xhr.onload = () => {
      const answer = xhr.response, status = xhr.status; // null when it is no JSON
      if (status < 300) return resolve(answer);
      reject(new WechatError('refused', answer && answer.error && answer.error.message || status + from, { status, answer }));
    };
    xhr.send();
  });
}

// Every config has to learn its own outcome, and jweixin does not make that easy:
// - `ready` callbacks run when a config is over, also when it failed (`error` runs just before them);
// - after the first one, `ready` calls back at once, whatever a later config does;
// - `error` keeps a single callback, which belongs to whoever called last.
// So: (1) where the bridge can be listened to, its reply to exactly this config is the verdict; (2) elsewhere `error`
// is a failure, and (3) `ready` only a reason to ask checkJsApi: at once if it came by itself, and after a second
// without `error` if it says nothing.
function verdict(wx, config) {
  return new Promise((resolve, reject) => {
    let stage = 0, heard;
    function settle(result) { // in the SDK's words or still in the bridge's: "preVerifyJSAPI:invalid_signature"
      const text = (result.errMsg || result.err_msg || 'fail').replace(/^\w*:/, '').replace(/_/g, ' ');
      if (/^(ok|confirm|function not exist)$/.test(text)) return resolve();
      result.errMsg = 'config:' + text;
      reject(new WechatError('config_failed', result.errMsg, result));
    }
    const confirm = () => wx.checkJsApi({
      jsApiList: config.jsApiList.slice(),
      success: resolve,
      // "permission denied" and "… is offline verifying" are said of pages not configured.
      fail: result => /permission|verifying/.test(result.errMsg) ? settle(result) : resolve()
    });
    wx.error(result => { // an old failure that nobody heard is told here and now, before anything was asked
      if (stage && !heard) settle(result);
    });
    stage = 1; // asked
    heard = listen(wx, config, settle);
    wx.ready(() => heard || setTimeout(confirm, stage > 1 ? 0 : 1000));
    stage = 2; // `ready` did not call back at once
  });
}

// Configures, has the bridge's reply told to `onReply`, and returns whether it will be.
function listen(wx, config, onReply) {
  const bridge = W.WeixinJSBridge || {}, invoke = bridge.invoke;
  let heard = false;
  function wrapper(name, parameters, callback) {
    if (name !== 'preVerifyJSAPI') return invoke.apply(bridge, arguments);
    heard = true;
    invoke.call(bridge, name, parameters, reply => {
      onReply(Object.assign({}, reply)); // jweixin rewrites it
      callback(reply);
    });
  }
  try {
    if (invoke) bridge.invoke = wrapper;
  } catch (ignored) { /* a sealed bridge */ }
  wx.config(config);
  if (bridge.invoke === wrapper) bridge.invoke = invoke;
  return heard;
}

// One config at a time: two in flight cannot be told apart, and jweixin mixes up their callbacks.
function configure(wx, config, deadline) {
  const outcome = page.turn.then(() => Date.now() < deadline && within(deadline, 'wx.config', verdict(wx, config)));
  page.turn = outcome.catch(ignore);
  return within(deadline, 'wx.config', outcome);
}

function fetchSignature(config, url, deadline, force) {
  const here = currentUrl(), both = !force && url !== here; // on iOS the landing URL is asked for beside the current one
  return request('GET', withQuery(config.signatureUrl, {
    url: both ? here : url, entry: both && url, account: config.account, force: force && 1
  }), deadline, false).then(answer => {
    const signed = both && answer && answer.entry || answer;
    if (signed && signed.signature) return signed;
    throw new WechatError('refused', 'no signature in the answer', { status: 200, answer });
  });
}

// Loads the SDK and configures it, with `given` or with a signature fetched for the URL that WeChat will verify.
// A signature that WeChat calls invalid is replaced once, unless the page brought it for this very call (`final`).
function sign(self, deadline, given, final, retryUrl) {
  const config = self.config, url = retryUrl || targetUrl(config);
  self._url = url;
  return Promise.all([
    loadSdk(self.sdkUrl, deadline),
    given || fetchSignature(config, url, deadline, !!retryUrl)
  ]).then(([wx, signed]) => {
    self.wx = wx;
    requireWechat();
    if (!given && !retryUrl && url !== targetUrl(config)) return sign(self, deadline); // the visitor went on
    for (const name of FIELDS) config[name] = signed[name] || config[name];
    const settings = Object.assign({}, config, { // with options this file does not know, such as WeCom's `beta`
      jsApiList: config.jsApiList.slice(), openTagList: config.openTagList.slice() // jweixin writes into the lists
    });
    return configure(wx, settings, deadline).catch(error => {
      const tried = signed.url || url, here = currentUrl(), told = [].concat(error.realAuthUrl)[0];
      const verified = /^https?:/.test(told) && withoutFragment(told);
      if (!/invalid signature/.test(error.message)) throw error;
      if (self.debug) explain(config, tried, verified || targetUrl(config), error);
      if (final || retryUrl || !config.signatureUrl) throw error;
      // What WeChat says it verified is the best advice; else the URL that was not tried; else a fresh ticket.
      return sign(self, deadline, null, false, verified || (here === tried ? config.entryUrl : here));
    });
  });
}

// WeChat never says why; the sandbox does. What the page had is told in the form that `magpie diagnose` reads.
function explain(config, url, verified, error) {
  const evidence = Object.assign({}, config, { url, realAuthUrl: error.realAuthUrl, userAgent: agent });
  W.console.error(`[WechatJSSDK] ${error.message}. ${error.reason || ''}
Signed was ${url}, verified ${verified}. \`magpie diagnose\` tells more of this:
` + JSON.stringify(evidence, FIELDS.concat('url', 'realAuthUrl', 'entryUrl', 'userAgent')));
}

// The outcome being waited for, or the last good one, is what initialize() and call() go by.
function run(self, given, final) {
  const outcome = self._outcome = Promise.resolve().then(() => {
    // Outside WeChat nothing is asked of Tencent's hosts; a script from elsewhere may be the sandbox.
    if (!W || /\/\/res2?\.wx\.qq\.com\//.test(self.sdkUrl)) requireWechat();
    if (!given && !self.config.signatureUrl) throw new WechatError('no_signature', 'nothing to sign with');
    return sign(self, Date.now() + self.timeout, given, final);
  }).then(() => {
    if (self._outcome === outcome) self._pending = false;
    return self;
  }, error => {
    if (self._outcome === outcome) self._outcome = self._pending = null;
    throw error;
  });
  self._pending = true;
  return outcome;
}

// Single-page applications change the URL without loading a page.
function followRoutes(self) {
  const changed = () => setTimeout(() => { // after the router's own work, which may be several changes
    if (self._url !== targetUrl(self.config)) run(self).catch(ignore);
  }, 0);
  for (const name of ['pushState', 'replaceState']) {
    const original = W.history[name];
    W.history[name] = (...change) => {
      original.apply(W.history, change);
      changed();
    };
  }
  W.addEventListener('popstate', changed);
}

const listed = (self, api) => self.config.jsApiList.indexOf(api) >= 0;

function WechatJSSDK(options) {
  if (!(this instanceof WechatJSSDK)) return new WechatJSSDK(options);
  const config = this.config = Object.assign({}, options); // the caller's object and arrays stay as they are
  config.entryUrl = config.entryUrl || page && page.entry;
  const helpers = Object.keys(SHARING).map(name => SHARING[name]); // which work with any list
  config.jsApiList = [...new Set([].concat(config.jsApiList || [], helpers))];
  config.openTagList = (config.openTagList || ['wx-open-subscribe', 'wx-open-audio']).slice();
  this._given = config.signature && config;
  this.sdkUrl = config.customUrl || 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js';
  this.debug = !!config.debug;
  this.timeout = config.timeout || 15000;
  this.server = config.server || (config.signatureUrl || '').replace(/\/[^\/?#]*([?#].*)?$/, '');
}

Object.assign(WechatJSSDK.prototype, {
  initialize() {
    const config = this.config, given = this._given;
    if (this._outcome) return this._outcome;
    if (config.signatureUrl) {
      this._given = null; // a signature that came with the page serves once
      if (W && !this._follows && config.followRoutes !== false) followRoutes(this);
      this._follows = true;
    }
    return run(this, given);
  },

  signSignature(signed) {
    return run(this, signed || !this.config.signatureUrl && this._given, signed);
  },

  call(api, options) {
    return this.initialize().then(() => new Promise((resolve, reject) => {
      const names = api.split('.'), owner = names[1] ? this.wx[names.shift()] : this.wx;
      if (!owner || !owner[names[0]]) throw new WechatError('api_missing', 'the JS-SDK has no ' + api);
      const own = Object.assign({}, options);
      for (const end of ['success', 'cancel', 'fail']) {
        own[end] = result => {
          if (options && options[end]) options[end](result);
          if (end === 'success') return resolve(result);
          const hint = listed(this, api) ? '' : ' (not in jsApiList)';
          reject(new WechatError('api_' + end, result.errMsg + hint, result));
        };
      }
      owner[names[0]](own);
    }));
  },

  callWechatApi(api, ...given) {
    const wx = this.getOriginalWx();
    if (this._pending) { // WeChat would refuse it now
      this._outcome.then(() => this.callWechatApi(api, ...given), ignore);
    } else if (wx && wx[api] && listed(this, api)) wx[api](...given);
    else if (this.debug) W.alert(api + ' is not in jsApiList, or not loaded');
    return this;
  },

  getOriginalWx() {
    return this.wx || loadedSdk();
  },

  setOriginWx() {
    this.wx = this.getOriginalWx();
    return this;
  },

  session() {
    const url = withQuery(this.server + '/session', { account: this.config.account });
    return request('GET', url, Date.now() + this.timeout).catch(error => error.status === 401 ? null : Promise.reject(error));
  },

  logout() {
    return request('POST', this.server + '/logout', Date.now() + this.timeout).then(ignore);
  },

  loginUrl(options = {}) {
    const account = options.account || this.config.account;
    const here = W.location.href.replace(/([?&])wechat_error=[^&#]*&?/, '$1');
    // A path is always a permitted target; a page of another origin has to be among the server's returnDomains.
    const to = options.to || (/^https?:/.test(this.server) ? here : here.replace(/^\w+:\/\/[^/]*/, ''));
    return withQuery(this.server + '/redirect' + (account ? '/' + encodeURIComponent(account) : ''), {
      to: to.replace(/([^\x21-\x7e]|["<>^`{|}\\])+/g, encodeURIComponent), scope: options.scope || 'base'
    });
  },

  login(options) {
    W.location.assign(this.loginUrl(options));
  }
});

for (const name in SHARING) {
  WechatJSSDK.prototype[name] = function (info) {
    return info ? this.callWechatApi(SHARING[name], info) : this;
  };
}

WechatJSSDK.WechatError = WechatError;
WechatJSSDK.default = WechatJSSDK;
return WechatJSSDK;
}));
