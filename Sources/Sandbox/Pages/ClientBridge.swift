/// The WeChat client as a page sees it: `window.WeixinJSBridge`, written for the sandbox from the public contract.
///
/// It asks the sandbox whether a signature is right for the URL that is really open, as the native client asks the platform
/// with the URL of its own web view: the entry URL on iOS, the current one elsewhere. Then it answers every call with
/// something plausible, or refuses what was not granted.
enum ClientBridge {
    static func script(requiresWeChat: Bool) -> String {
        #"""
        // Magpie sandbox: a stand-in for the WeChat client. Not Tencent's code, and of no use outside a sandbox.
        (function () {
          'use strict';
          var agent = navigator.userAgent;
          if (window.WeixinJSBridge || (\#(requiresWeChat) && !/micromessenger/i.test(agent))) return;

          var self = document.currentScript || document.querySelector('script[src*="/open/js/"]');
          var base = self && self.src ? self.src : location.href;
          // The developer tools name themselves an iPhone and go by the current URL all the same.
          var isIOS = /iphone|ipad|ipod/i.test(agent) && !/wechatdevtools/i.test(agent);
          var cut = function (url) { return url.split('#')[0]; };

          // pushState changes location, never the record of the navigation: that is the page's entry.
          var navigation = performance.getEntriesByType ? performance.getEntriesByType('navigation')[0] : null;
          var entry = navigation && /^https?:/.test(navigation.name) ? navigation.name : location.href;

          var status = 'unverified', granted = [], listeners = {};
          var shared = {}, hidden = {}, verdict = null;
          var picture = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==';
          var serial = 0;
          var localId = function () { serial += 1; return 'wxLocalResource://sandbox' + serial; };

          function preverify(params, done) {
            var current = location.href;
            var open = isIOS ? entry : current, other = isIOS ? current : entry;
            status = 'unverified';
            granted = [];
            var question = {
              appId: params.verifyAppId, timestamp: params.verifyTimestamp, nonceStr: params.verifyNonceStr,
              signature: params.verifySignature, jsApiList: params.verifyJsApiList,
              url: cut(open), fullUrl: open, otherUrl: cut(other)
            };
            // text/plain is a simple request: no preflight, whatever origin the page has.
            fetch(new URL('/_sandbox/preverify', base), {
              method: 'POST', mode: 'cors', credentials: 'omit', body: JSON.stringify(question),
              headers: { 'Content-Type': 'text/plain' }
            }).then(function (reply) { return reply.json(); }).then(function (reply) {
              return typeof reply.errMsg === 'string' ? reply : { errMsg: 'config:fail', reason: 'no verdict came' };
            }).catch(function () {
              return { errMsg: 'config:fail', reason: 'the sandbox at ' + base + ' did not answer' };
            }).then(function (reply) {
              verdict = reply;
              status = reply.errMsg === 'config:ok' ? 'ok' : 'refused';
              if (status === 'ok') granted = params.verifyJsApiList || [];
              var result = {};
              Object.keys(reply).forEach(function (key) { if (key !== 'errMsg') result[key] = reply[key]; });
              result.err_msg = reply.errMsg.replace('config:', 'preVerifyJSAPI:');
              done(result);
            });
          }

          // What the client answers beside "ok", by the names it knows the calls by.
          var answers = {
            checkJsApi: function (p) {
              var result = {};
              (p.jsApiList || []).forEach(function (name) { result[name] = known(name); });
              // Android answers with text where iOS answers with an object.
              return { checkResult: isIOS ? result : JSON.stringify(result) };
            },
            getNetworkType: function () { return { networkType: 'wifi' }; },
            geoLocation: function () {
              return { latitude: '30.2741', longitude: '120.1551', speed: '0.0', accuracy: '65.0' };
            },
            chooseImage: function (p) {
              var ids = [], count = Math.max(1, Math.min(9, p.count || 1));
              while (ids.length < count) ids.push(localId());
              return { localIds: ids, sourceType: (p.sourceType || ['album'])[0] };
            },
            getLocalImgData: function () { return { localData: picture }; },
            uploadImage: function () { return { serverId: 'sandbox-media-' + (serial += 1) }; },
            downloadImage: function () { return { localId: localId() }; },
            startRecord: function () { return {}; },
            stopRecord: function () { return { localId: localId() }; },
            playVoice: function (p) {
              setTimeout(function () { emit('onVoicePlayEnd', { localId: p.localId }); }, 200);
              return {};
            },
            uploadVoice: function () { return { serverId: 'sandbox-media-' + (serial += 1) }; },
            downloadVoice: function () { return { localId: localId() }; },
            translateVoice: function () { return { translateResult: '你好，世界。' }; },
            scanQRCode: function (p) { return p.needResult ? { resultStr: 'https://example.com/sandbox' } : {}; },
            chooseCard: function () { return { cardList: '[]' }; },
            batchAddCard: function (p) { return { cardList: p.cardList || [] }; },
            editAddress: function () {
              return {
                userName: '林小满', postalCode: '310000', provinceName: '浙江省', cityName: '杭州市', countryName: '西湖区',
                detailInfo: '沙箱路 1 号', nationalCode: '330106', telNumber: '13800000000'
              };
            },
            hideMenuItems: function (p) { (p.menuList || []).forEach(function (i) { hidden[i] = true; }); return {}; },
            showMenuItems: function (p) { (p.menuList || []).forEach(function (i) { delete hidden[i]; }); return {}; },
            hideOptionMenu: function () { hidden['*'] = true; return {}; },
            showOptionMenu: function () { delete hidden['*']; return {}; },
            updateAppMessageShareData: function (p) { shared.appMessage = p; return {}; },
            updateTimelineShareData: function (p) { shared.timeline = p; return {}; },
            closeWindow: function () { setTimeout(function () { window.close(); }, 0); return {}; }
          };
          var others = ('pauseVoice stopVoice onVoiceRecordEnd onVoicePlayEnd imagePreview previewImage openLocation ' +
            'hideAllNonBaseMenuItem showAllNonBaseMenuItem getBrandWCPayRequest openProductViewWithPid batchViewCard ' +
            'consumedShareCard getRecevieBizHongBaoRequest startMonitoringBeacons stopMonitoringBeacons onBeaconsInRange ' +
            'openEnterpriseChat launchMiniProgram openBusinessView menu:share:timeline menu:share:appmessage ' +
            'menu:share:qq menu:share:weiboApp menu:share:QZone getLocation addCard openCard chooseWXPay openAddress ' +
            'openProductSpecificView openEnterpriseRedPacket consumeAndShareCard startSearchBeacons stopSearchBeacons ' +
            'onSearchBeacons onMenuShareTimeline onMenuShareAppMessage onMenuShareQQ onMenuShareWeibo onMenuShareQZone'
          ).split(' ');
          function known(name) { return Object.prototype.hasOwnProperty.call(answers, name) || others.indexOf(name) >= 0; }

          function emit(name, data) { if (listeners[name]) listeners[name](data || {}); }

          function reply(name, params) {
            // Whoever reads the message takes what is behind its first colon.
            var label = name.replace(/:/g, '_');
            if (!known(name)) return { err_msg: label + ':function not exist' };
            if (status !== 'ok') return { err_msg: label + ':the permission value is offline verifying' };
            if (name !== 'checkJsApi' && granted.indexOf(name) < 0) return { err_msg: label + ':permission denied' };
            var answer = answers[name] ? answers[name](params) : {};
            answer.err_msg = label + ':ok';
            return answer;
          }

          window.WeixinJSBridge = {
            invoke: function (name, params, done) {
              var finish = function (result) { if (typeof done === 'function') done(result); };
              if (name === 'preVerifyJSAPI') return preverify(params || {}, finish);
              var result = reply(name, params || {});
              setTimeout(function () { finish(result); }, 0);
            },
            on: function (name, listener) { listeners[name] = listener; },
            // The sandbox's own, for tests and consoles: what was decided, what is shared, and a finger on the menu.
            sandbox: {
              verdict: function () { return verdict; },
              shared: function () { return shared; },
              hidden: function () { return Object.keys(hidden); },
              url: function () { return cut(isIOS ? entry : location.href); },
              tapMenu: function (item) { emit(item); }
            }
          };
          setTimeout(function () { document.dispatchEvent(new Event('WeixinJSBridgeReady')); }, 0);
        })();

        """#
    }
}
