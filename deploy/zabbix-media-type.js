// Zabbix media type of type Webhook (6.0 or newer): posts one event to Kaden's webhook of format zabbix.
// Paste this into Administration > Media types > Create > Script; docs/webhooks.md lists the parameters.
try {
    var fields = JSON.parse(value);
    var url = fields.kaden_url;
    var token = fields.kaden_token;
    if (!url || !token) {
        throw 'set the parameters kaden_url and kaden_token';
    }
    delete fields.kaden_url;
    delete fields.kaden_token;
    delete fields.HTTPProxy;

    var request = new HttpRequest();
    if (JSON.parse(value).HTTPProxy) {
        request.setProxy(JSON.parse(value).HTTPProxy);
    }
    request.addHeader('Content-Type: application/json');
    request.addHeader('Authorization: Bearer ' + token);
    var answer = request.post(url, JSON.stringify(fields));
    var status = request.getStatus();
    // Anything but 2xx makes Zabbix try again, as its media type says how often.
    if (status < 200 || status > 299) {
        throw 'Kaden answered ' + status + ': ' + answer;
    }
    return 'OK';
} catch (error) {
    Zabbix.log(3, '[Kaden] ' + error);
    throw 'Kaden: ' + error;
}
