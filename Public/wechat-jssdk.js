/*!
 * Magpie's client for WeChat's JS-SDK. MIT licence. ES5 syntax and Promise: old Android web-views read it as it is.
 *
 *   var jssdk = new WechatJSSDK({ signatureUrl: '/get-signature', jsApiList: ['getNetworkType'] });
 *   jssdk.call('getNetworkType').then(function (result) { … });
 *
 * Same class, methods and options as the client of the Node library wechat-jssdk. Load it early, with a plain script
 * element: the URL at that moment is the one WeChat on iOS verifies for the whole life of the page.
 * Options and errors are described in wechat-jssdk.d.ts; wechat-jssdk.mjs is made from this file by .ci/client-module.
 */
(function (root, factory) {
  if (typeof define === 'function' && define.amd) define([], factory);
  else if (typeof module === 'object' && module.exports) module.exports = factory();
  else root.WechatJSSDK = factory();
}(typeof self !== 'undefined' ? self : this, function () {
'use strict';

var W = typeof window === 'undefined' ? null : window; // a server that renders pages may import this file
var SDK_URL = 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js';
var TENCENT = /\/\/res2?\.wx\.qq\.com\//;
// wechat-jssdk's helpers and the APIs behind them; WeChat has deprecated the last two.
var SHARING = {
  updateAppMessageShareData: 'updateAppMessageShareData', updateTimelineShareData: 'updateTimelineShareData',
  shareOnMoment: 'onMenuShareTimeline', shareOnChat: 'onMenuShareAppMessage'
};
var QUIET = 1000; // see `verdict`

var agent = W ? W.navigator.userAgent.toLowerCase() : '';
var named = /micromessenger/.test(agent);
// WeChat on iOS verifies the URL of the last full page load and does not notice pushState; elsewhere it is the URL in
// the address bar. The developer tools imitate an iPhone, but not in this.
var entryCounts = named && /iphone|ipad|ipod/.test(agent) && !/wechatdevtools/.test(agent);

// Shared by every instance and every copy of this file on the page: there is one SDK, and one verdict at a time.
var page = W && (W.__wechatJSSDK = W.__wechatJSSDK || { entry: currentUrl(), turn: Promise.resolve() });

function WechatError(code, message, detail) {
  for (var key in detail) this[key] = detail[key];
  this.name = 'WechatError';
  this.code = code;
  this.message = message;
  this.stack = new Error(message).stack;
}
WechatError.prototype = Object.create(Error.prototype, { constructor: { value: WechatError } });

function ignore() {}

function copy(object) {
  var result = {};
  for (var key in object) result[key] = object[key];
  return result;
}

function currentUrl() {
  return W.location.href.split('#')[0];
}

function targetUrl(config) {
  return entryCounts ? config.entryUrl : currentUrl();
}

// The sandbox plays WeChat in any browser: it brings a bridge and leaves the user agent as it is.
function requireWechat() {
  if (named || W && W.WeixinJSBridge) return;
  throw new WechatError('outside_wechat', 'the JS-SDK works only in a page that is open in WeChat');
}

// jweixin defines both names, and nothing when jWeixin exists already; `wx` alone may be somebody else's.
function loadedSdk() {
  var sdk = W && (W.jWeixin || W.wx);
  return sdk && sdk.config ? sdk : undefined;
}

function within(deadline, awaited, promise) {
  return new Promise(function (resolve, reject) {
    setTimeout(function () {
      reject(new WechatError('timeout', 'timed out: ' + awaited));
    }, deadline - Date.now());
    promise.then(resolve, reject);
  });
}

function insertScript(url) {
  return new Promise(function (resolve, reject) {
    function fail() {
      reject(new WechatError('script_failed', 'could not load ' + url));
    }
    // Beside an AMD loader jweixin defines no global: it has to come through that loader.
    if (typeof W.define === 'function' && W.define.amd && W.require) return W.require([url], resolve, fail);
    var script = W.document.createElement('script');
    script.src = url;
    script.onerror = fail;
    script.onload = function () {
      loadedSdk() ? resolve(loadedSdk()) : fail(); // a captive portal answers a script with a page
    };
    W.document.head.appendChild(script);
  });
}

function loadSdk(url, deadline) {
  if (loadedSdk()) return Promise.resolve(loadedSdk());
  page.sdk = page.sdk || within((Date.now() + deadline) / 2, url, insertScript(url)).catch(function () {
    return insertScript(url.replace('//res.wx.qq.com/', '//res2.wx.qq.com/')); // Tencent's backup host
  }).catch(function (error) {
    page.sdk = null; // the next initialize() tries again
    throw error;
  });
  return within(deadline, url, page.sdk);
}

function withQuery(url, parameters) {
  for (var name in parameters) {
    if (parameters[name]) url += (/\?/.test(url) ? '&' : '?') + name + '=' + encodeURIComponent(parameters[name]);
  }
  return url;
}

// XMLHttpRequest, because `fetch` is missing in places where this file still has to run.
function request(method, url, deadline, credentials) {
  return new Promise(function (resolve, reject) {
    var xhr = new XMLHttpRequest(), place = url.split('?')[0];
    xhr.open(method, url);
    xhr.timeout = Math.max(1, deadline - Date.now());
    xhr.responseType = 'json';
    xhr.withCredentials = credentials;
    xhr.onerror = xhr.ontimeout = function (event) {
      reject(new WechatError(event.type === 'timeout' ? 'timeout' : 'network', 'no answer from ' + place));
    };
    xhr.onload = function () {
      var body = xhr.response; // null when it is no JSON
      if (xhr.status < 300) return resolve(body);
      var text = body && body.error && body.error.message || xhr.status + ' from ' + place;
      reject(new WechatError('refused', text, { status: xhr.status, answer: body }));
    };
    xhr.send();
  });
}

// Every config has to learn its own outcome, and jweixin does not make that easy:
// - `ready` callbacks run when a config is over, also when it failed (`error` runs just before them);
// - after the first one, `ready` calls back at once, whatever a later config does;
// - `error` keeps a single callback, which belongs to whoever called last.
// So: (1) where the bridge can be listened to, its reply to exactly this config is the verdict; (2) elsewhere `error`
// is a failure, and (3) `ready` only a reason to ask checkJsApi: at once if it came by itself, and after a while
// without `error` if it says nothing.
function verdict(wx, config) {
  return new Promise(function (resolve, reject) {
    var asked, heard, returned;
    function settle(result) { // in the SDK's words or still in the bridge's: "preVerifyJSAPI:invalid_signature"
      var text = (result.errMsg || result.err_msg || 'fail').replace(/^\w*:/, '').replace(/_/g, ' ');
      if (/^(ok|confirm|function not exist)$/.test(text)) return resolve();
      result.errMsg = 'config:' + text;
      reject(new WechatError('config_failed', result.errMsg, result));
    }
    function confirm() {
      wx.checkJsApi({
        jsApiList: config.jsApiList.slice(),
        success: resolve,
        fail: function (result) { // "permission denied" and "… is offline verifying" are said of pages not configured
          /permission|verifying/.test(result.errMsg) ? settle(result) : resolve();
        }
      });
    }
    wx.error(function (result) { // an old failure that nobody heard is told here and now, before anything was asked
      if (asked && !heard) settle(result);
    });
    asked = true;
    heard = listen(wx, config, settle);
    wx.ready(function () {
      if (!heard) setTimeout(confirm, returned ? 0 : QUIET);
    });
    returned = true;
  });
}

// Configures, has the bridge's reply told to `onReply`, and returns whether it will be.
function listen(wx, config, onReply) {
  var bridge = W.WeixinJSBridge || {}, invoke = bridge.invoke, heard = false;
  function wrapper(name, parameters, callback) {
    if (name !== 'preVerifyJSAPI') return invoke.apply(bridge, arguments);
    heard = true;
    invoke.call(bridge, name, parameters, function (reply) {
      try {
        callback(reply);
      } finally {
        onReply(reply);
      }
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
  var what = 'the verdict of wx.config', outcome = page.turn.then(function () {
    return Date.now() < deadline && within(deadline, what, verdict(wx, config));
  });
  page.turn = outcome.catch(ignore);
  return within(deadline, what, outcome);
}

function fetchSignature(self, url, deadline, force) {
  var here = currentUrl(), both = !force && url !== here; // on iOS the landing URL is asked for beside the current one
  return request('GET', withQuery(self.config.signatureUrl, {
    url: both ? here : url, entry: both && url, account: self.config.account, force: force && 1
  }), deadline, false).then(function (body) {
    var signed = both && body && body.entry || body;
    if (signed && signed.signature) return signed;
    throw new WechatError('refused', 'no signature in the answer', { status: 200, answer: body });
  });
}

// Loads the SDK and configures it, with `given` or with a signature fetched for the URL that WeChat will verify.
// A signature that WeChat calls invalid is replaced once, unless the page brought it for this very call (`final`).
function sign(self, deadline, given, final, retryUrl) {
  var config = self.config, url = retryUrl || targetUrl(config);
  self._url = url;
  return Promise.all([
    loadSdk(self.sdkUrl, deadline),
    given || fetchSignature(self, url, deadline, !!retryUrl)
  ]).then(function (parts) {
    var wx = self.wx = parts[0], signed = parts[1];
    requireWechat();
    if (!given && !retryUrl && url !== targetUrl(config)) return sign(self, deadline); // the visitor went on
    ['appId', 'timestamp', 'nonceStr', 'signature'].forEach(function (name) {
      config[name] = signed[name] || config[name];
    });
    var settings = copy(config); // with options this file does not know, such as WeCom's `beta`
    ['jsApiList', 'openTagList'].forEach(function (name) {
      settings[name] = config[name].slice(); // jweixin writes into the lists
    });
    return configure(wx, settings, deadline).catch(function (error) {
      if (final || retryUrl || !config.signatureUrl || !/invalid signature/.test(error.message)) throw error;
      return sign(self, deadline, null, false, otherUrl(config, signed.url || url, error));
    });
  });
}

// What WeChat says it verified is the best advice; else the URL that was not tried; else the same, with a fresh ticket.
function otherUrl(config, tried, error) {
  var verified = [].concat(error.realAuthUrl)[0];
  if (/^https?:/.test(verified)) return verified.split('#')[0];
  return currentUrl() === tried ? config.entryUrl : currentUrl();
}

// The outcome being waited for, or the last good one, is what initialize() and call() go by.
function run(self, given, final) {
  var outcome = self._outcome = Promise.resolve().then(function () {
    // Outside WeChat nothing is asked of Tencent's hosts; a script from elsewhere may be the sandbox.
    if (!W || TENCENT.test(self.sdkUrl)) requireWechat();
    if (!given && !self.config.signatureUrl) throw new WechatError('no_signature', 'no signatureUrl, no signature');
    return sign(self, Date.now() + self.timeout, given, final);
  }).then(function () {
    if (self._outcome === outcome) self._pending = false;
    return self;
  }, function (error) {
    if (self._outcome === outcome) self._outcome = self._pending = null;
    throw error;
  });
  self._pending = true;
  return outcome;
}

// Single-page applications change the URL without loading a page.
function followRoutes(self) {
  function changed() {
    setTimeout(function () { // after the router's own work, which may be several changes
      if (self._url !== targetUrl(self.config)) run(self).catch(ignore);
    }, 0);
  }
  ['pushState', 'replaceState'].forEach(function (name) {
    var original = W.history[name];
    W.history[name] = function () {
      original.apply(this, arguments);
      changed();
    };
  });
  W.addEventListener('popstate', changed);
}

function listed(self, api) {
  return self.config.jsApiList.indexOf(api) >= 0;
}

function WechatJSSDK(options) {
  if (!(this instanceof WechatJSSDK)) return new WechatJSSDK(options);
  var config = this.config = copy(options); // the caller's object and arrays stay as they are
  config.entryUrl = config.entryUrl || page && page.entry;
  config.jsApiList = [].concat(config.jsApiList || []);
  for (var name in SHARING) { // the share helpers work with any list
    if (!listed(this, SHARING[name])) config.jsApiList.push(SHARING[name]);
  }
  config.openTagList = (config.openTagList || ['wx-open-subscribe', 'wx-open-audio']).slice();
  this._given = config.signature && config;
  this.sdkUrl = config.customUrl || SDK_URL;
  this.debug = !!config.debug;
  this.timeout = config.timeout || 15000;
  this.server = config.server || (config.signatureUrl || '').replace(/\/[^\/?#]*([?#].*)?$/, '');
  this.wx = undefined;
}

var methods = WechatJSSDK.prototype;

methods.initialize = function () {
  var config = this.config, given = this._given;
  if (this._outcome) return this._outcome;
  if (config.signatureUrl) {
    this._given = null; // a signature that came with the page serves once
    if (W && !this._follows && config.followRoutes !== false) followRoutes(this);
    this._follows = true;
  }
  return run(this, given);
};

methods.signSignature = function (signed) {
  return run(this, signed || !this.config.signatureUrl && this._given, signed);
};

methods.call = function (api, options) {
  var self = this;
  return this.initialize().then(function () {
    return new Promise(function (resolve, reject) {
      var names = api.split('.'), owner = names[1] ? self.wx[names.shift()] : self.wx, own = copy(options);
      if (!owner || !owner[names[0]]) throw new WechatError('api_missing', 'the JS-SDK has no ' + api);
      ['success', 'cancel', 'fail'].forEach(function (end) {
        own[end] = function (result) {
          if (options && options[end]) options[end](result);
          if (end === 'success') return resolve(result);
          var hint = listed(self, api) ? '' : ' (not in jsApiList)';
          reject(new WechatError('api_' + end, result.errMsg + hint, result));
        };
      });
      owner[names[0]](own);
    });
  });
};

methods.callWechatApi = function (api, config, callback) {
  var self = this, wx = this.getOriginalWx();
  if (this._pending) { // WeChat would refuse it now
    this._outcome.then(function () {
      self.callWechatApi(api, config, callback);
    }, ignore);
  } else if (wx && wx[api] && listed(this, api)) wx[api](config, callback);
  else if (this.debug) W.alert(api + ' is not in jsApiList, or the JS-SDK has not loaded it');
  return this;
};

Object.keys(SHARING).forEach(function (name) {
  methods[name] = function (info) {
    return info ? this.callWechatApi(SHARING[name], info) : this;
  };
});

methods.getOriginalWx = function () {
  return this.wx || loadedSdk();
};

methods.setOriginWx = function () {
  this.wx = this.getOriginalWx();
  return this;
};

methods.session = function () {
  var url = withQuery(this.server + '/session', { account: this.config.account });
  return request('GET', url, Date.now() + this.timeout, true).catch(function (error) {
    if (error.status === 401) return null;
    throw error;
  });
};

methods.logout = function () {
  return request('POST', this.server + '/logout', Date.now() + this.timeout, true).then(ignore);
};

methods.loginUrl = function (options) {
  var chosen = options || {}, account = chosen.account || this.config.account;
  var here = W.location.href.replace(/([?&])wechat_error=[^&#]*&?/, '$1');
  // A path is always a permitted target; a page of another origin has to be among the server's returnDomains.
  var to = chosen.to || (/^https?:/.test(this.server) ? here : here.replace(/^\w+:\/\/[^/]*/, ''));
  return withQuery(this.server + '/redirect' + (account ? '/' + encodeURIComponent(account) : ''), {
    to: to.replace(/([^\x21-\x7e]|["<>^`{|}\\])+/g, encodeURIComponent), scope: chosen.scope || 'base'
  });
};

methods.login = function (options) {
  W.location.assign(this.loginUrl(options));
};

WechatJSSDK.WechatError = WechatError;
WechatJSSDK.default = WechatJSSDK;
return WechatJSSDK;
}));
