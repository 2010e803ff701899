/* The forms of web_config.h: XML of two kinds, the text of a code, and a page. */
#include <string.h>

#include "format/json.h"
#include "http/http_url.h"
#include "role/web/web_config.h"
#include "role/web/web_html.h"

enum {
	URL_MAX = 2048,
	CODE_MAX = 2048, /* more fits into no code that a camera reads well */
};

static void put(struct buf *out, const char *before, struct view text, const char *after)
{
	buf_append_string(out, before);
	web_html_text(out, text); /* what XML escapes is the same */
	buf_append_string(out, after);
}

static bool is_type(const struct web_config_service *s, const char *type)
{
	return s->port && strcmp(s->type, type) == 0;
}

/* The best of a type; NULL: there is none. */
static const struct web_config_service *best(const struct web_config *c, const char *type)
{
	for (size_t i = 0; i < WEB_CONFIG_SERVICES; i++)
		if (is_type(&c->services[i], type))
			return &c->services[i];
	return NULL;
}

/* ---- Thunderbird ---- */

void web_config_thunderbird(const struct web_config *c, struct buf *out)
{
	put(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">\n  <emailProvider "
	    "id=\"",
	    c->domain, "\">\n");
	put(out, "    <domain>", c->domain, "</domain>\n");
	put(out, "    <displayName>", c->domain, "</displayName>\n");
	put(out, "    <displayShortName>", c->domain, "</displayShortName>\n");
	for (size_t i = 0; i < WEB_CONFIG_SERVICES; i++) {
		const struct web_config_service *s = &c->services[i];
		const char *element = strcmp(s->type, "smtp") == 0 ? "outgoingServer" : "incomingServer";
		if (s->port == 0)
			continue;
		buf_printf(out, "    <%s type=\"%s\">\n", element, s->type);
		put(out, "      <hostname>", c->host, "</hostname>\n");
		buf_printf(out,
		    "      <port>%u</port>\n      <socketType>%s</socketType>\n"
		    "      <authentication>password-cleartext</authentication>\n"
		    "      <username>%%EMAILADDRESS%%</username>\n    </%s>\n",
		    s->port, s->starttls ? "STARTTLS" : "SSL", element);
	}
	buf_append_string(out, "  </emailProvider>\n</clientConfig>\n");
}

/* ---- Outlook (MS-OXDSCLI section 2.2.4) ---- */

void web_config_outlook(const struct web_config *c, struct buf *out)
{
	buf_append_string(out,
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	    "<Autodiscover "
	    "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\n"
	    "  <Response "
	    "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\">\n");
	put(out, "    <User><DisplayName>", c->address, "</DisplayName></User>\n");
	buf_append_string(
	    out, "    <Account>\n      <AccountType>email</AccountType>\n      <Action>settings</Action>\n");
	for (size_t i = 0; i < WEB_CONFIG_SERVICES; i++) {
		const struct web_config_service *s = &c->services[i];
		if (s->port == 0)
			continue;
		const char *type = strcmp(s->type, "imap") == 0   ? "IMAP"
		                   : strcmp(s->type, "pop3") == 0 ? "POP3"
		                                                  : "SMTP";
		buf_printf(out, "      <Protocol>\n        <Type>%s</Type>\n", type);
		put(out, "        <Server>", c->host, "</Server>\n");
		buf_printf(out, "        <Port>%u</Port>\n", s->port);
		put(out, "        <LoginName>", c->address, "</LoginName>\n");
		buf_printf(out,
		    "        <DomainRequired>off</DomainRequired>\n        <SPA>off</SPA>\n        "
		    "<SSL>on</SSL>\n"
		    "        <Encryption>%s</Encryption>\n        <AuthRequired>on</AuthRequired>\n      "
		    "</Protocol>\n",
		    s->starttls ? "TLS" : "SSL");
	}
	buf_append_string(out, "    </Account>\n  </Response>\n</Autodiscover>\n");
}

/* ---- Thunderbird for Android, by a code ---- */

static bool is_ascii(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] >= 0x80)
			return false;
	return true;
}

/* host, port, TLS (2: on demand, 3: from the first octet), a password in clear (1), user name */
static void put_mobile_server(struct buf *out, const struct web_config *c, const struct web_config_service *s)
{
	json_append_string(out, c->host);
	buf_printf(out, ",%u,%d,1,", s->port, s->starttls ? 2 : 3);
	json_append_string(out, c->address);
}

bool web_config_mobile(const struct web_config *c, struct buf *out)
{
	const struct web_config_service *imap = best(c, "imap"), *smtp = best(c, "smtp");
	const struct web_config_service *in = imap ? imap : best(c, "pop3");
	if (in == NULL || smtp == NULL || c->address.len == 0 || !is_ascii(c->address) || !is_ascii(c->host))
		return false;
	buf_printf(out, "[1,[1,1],[%d,", in == imap ? 0 : 1);
	put_mobile_server(out, c, in);
	buf_append_string(out, "],[[[0,");
	put_mobile_server(out, c, smtp);
	buf_append_string(out, "],[");
	json_append_string(out, c->address);
	buf_append_string(out, ",\"\"]]]]"); /* the person's name is not known here */
	return !buf_failed(out);
}

/* ---- for people ---- */

static void put_row(
    struct buf *out, const struct web_config *c, enum web_language in, const char *type, const char *name)
{
	const struct web_config_service *s = best(c, type);
	if (s == NULL)
		return;
	buf_printf(out, "<dt>%s</dt><dd><bdi>", web_text(in, name));
	web_html_text(out, c->host);
	const char *comma = web_text(in, ", ");
	buf_printf(out, "</bdi>%s%s %u%s<bdi>%s</bdi></dd>\n", comma, web_text(in, "port"), s->port, comma,
	    s->starttls ? "STARTTLS" : "SSL/TLS");
}

static void put_settings(struct buf *out, const struct web_config *c, enum web_language in, struct view base)
{
	buf_printf(out, "<p>%s <a href=\"account\">%s</a></p>\n<p>%s</p>\n<dl>\n",
	    web_text(in,
	        "Most programs find the rest by themselves once you have typed your address and your "
	        "password. With two-step sign-in they need an app password."),
	    web_text(in, "Make an app password"), web_text(in, "If a program asks, these are the settings:"));
	put_row(out, c, in, "imap", "Incoming mail, IMAP");
	put_row(out, c, in, "pop3", "Incoming mail, POP3");
	put_row(out, c, in, "smtp", "Outgoing mail, SMTP");
	buf_printf(out, "<dt>%s</dt>", web_text(in, "Programs that speak JMAP"));
	put(out, "<dd><bdi>", base, "</bdi></dd>\n");
	buf_printf(out, "<dt>%s</dt><dd>", web_text(in, "User name"));
	if (c->address.len)
		put(out, "<bdi>", c->address, "</bdi>");
	else
		buf_append_string(out, web_text(in, "your whole address"));
	buf_append_string(out, "</dd>\n</dl>\n");
}

static void put_apple(struct buf *out, const struct web_config *c, enum web_language in, struct view base)
{
	struct buf url;
	buf_init(&url, URL_MAX);
	buf_append(&url, base);
	buf_append_string(&url, "/mobileconfig?address=");
	http_url_escape(&url, c->address);
	buf_printf(out, "<section>\n<h2>iPhone, iPad, Mac</h2>\n<p>%s</p>\n",
	    web_text(in,
	        "Scan this with the device’s camera, or open the profile there. The device then asks for "
	        "your password. It may say that the profile is not verified or not signed: it holds no "
	        "more than the settings above."));
	web_html_qr(out, in, buf_string(&url));
	put(out, "<p><a href=\"", buf_view(&url), "\">");
	buf_printf(out, "%s</a></p>\n</section>\n", web_text(in, "Open the profile"));
	buf_done(&url);
}

static void put_android(struct buf *out, const struct web_config *c, enum web_language in)
{
	struct buf code;
	buf_init(&code, CODE_MAX);
	if (web_config_mobile(c, &code)) {
		buf_printf(out, "<section>\n<h2>Android</h2>\n<p>%s</p>\n",
		    web_text(in,
		        "Scan this with Thunderbird, which offers to import settings from a QR code. It "
		        "then asks for your password. Other programs need your address alone."));
		web_html_qr(out, in, buf_string(&code));
		buf_append_string(out, "</section>\n");
	}
	buf_done(&code);
}

/* Its links are relative: they lead to the seat by which the page was reached. */
void web_config_page(const struct web_config *c, enum web_language in, struct view base, struct buf *out)
{
	web_html_begin(out, in, "Set up a mail program", NULL);
	put_settings(out, c, in, base);
	if (c->address.len) {
		put_apple(out, c, in, base);
		put_android(out, c, in);
	} else {
		buf_printf(out,
		    "<section>\n<h2>iPhone, iPad, Mac, Android</h2>\n<form method=\"get\" "
		    "action=\"setup\">\n"
		    "<label>%s\n<input name=\"address\" type=\"text\" inputmode=\"email\" "
		    "autocomplete=\"email\" dir=\"ltr\" autocapitalize=\"none\" spellcheck=\"false\" "
		    "required></label>\n<button>%s</button>\n</form>\n</section>\n",
		    web_text(in, "Your address"), web_text(in, "Show the codes to scan"));
	}
	buf_printf(out, "<p class=\"quiet\"><a href=\"./\">%s</a></p>\n", web_text(in, "Your mail"));
	web_html_end(out);
}
