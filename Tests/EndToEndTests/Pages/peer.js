// A page as its authors write it for wechat-jssdk 5: it fetches the signature itself, hands four fields to the class, and
// shares, calls and signs again through the methods of that library's client. Nothing here is Magpie's own.
(function () {
  function log(name, text) {
    var line = document.createElement('li');
    line.id = name;
    line.textContent = text;
    document.getElementById('log').appendChild(line);
  }

  function fetchSignature() {
    return fetch('/get-signature?url=' + encodeURIComponent(location.href.split('#')[0])).then(function (answer) {
      return answer.json();
    });
  }

  var share = { title: 'Shared', desc: 'By a page of wechat-jssdk', link: location.href, imgUrl: location.origin + '/a.png' };

  function called(name) {
    return Object.assign({}, share, {
      success: function (result) { log(name, result.errMsg); },
      fail: function (result) { log(name, result.errMsg); }
    });
  }

  fetchSignature().then(function (signature) {
    var config = {
      appId: signature.appId, timestamp: signature.timestamp, nonceStr: signature.nonceStr,
      signature: signature.signature, debug: false,
      jsApiList: ['updateAppMessageShareData', 'updateTimelineShareData', 'onMenuShareTimeline', 'onMenuShareAppMessage',
        'getNetworkType', 'scanQRCode'],
      openTagList: ['wx-open-launch-weapp'],
      customUrl: new URLSearchParams(location.search).get('sdk')
    };
    var wechatObj = new WechatJSSDK(config);
    return wechatObj.initialize().then(function (w) {
      log('initialized', String(w === wechatObj));
      w.updateAppMessageShareData(called('message')).updateTimelineShareData(called('timeline'));
      w.shareOnChat(called('chat')).shareOnMoment(called('moment'));
      w.callWechatApi('getNetworkType', {
        success: function (result) { log('network', result.networkType); }
      });
      var wx = w.getOriginalWx();
      wx.scanQRCode({ needResult: 1, success: function (result) { log('scan', result.resultStr); } });
      document.getElementById('sign').onclick = function () {
        fetchSignature().then(function (renewed) {
          return w.signSignature({
            timestamp: renewed.timestamp, nonceStr: renewed.nonceStr, signature: renewed.signature
          });
        }).then(function () { log('again', 'ok'); }, function (error) { log('again', error.errMsg); });
      };
      return w.signSignature({ signature: 'no signature' });
    });
  }).then(function () {
    log('refusal', 'resolved');
  }, function (error) {
    log('refusal', error.errMsg);
  });
}());
