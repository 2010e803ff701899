/* The forms of web_config.h: XML of three kinds, and a page. */
#include <string.h>

#include "http/http_url.h"
#include "role/web/web_config.h"
#include "role/web/web_html.h"

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

/* ---- for people ---- */

static void put_row(struct buf *out, const struct web_config *c, const char *type, const char *name)
{
	const struct web_config_service *s = best(c, type);
	if (s == NULL)
		return;
	buf_printf(out, "<dt>%s</dt><dd>", name);
	web_html_text(out, c->host);
	buf_printf(out, ", port %u, %s</dd>\n", s->port, s->starttls ? "STARTTLS" : "SSL/TLS");
}

void web_config_page(const struct web_config *c, struct view base, struct buf *out)
{
	struct buf url;
	web_html_begin(out, WEB_ENGLISH, "Set up a mail program", NULL);
	buf_append_string(out,
	    "<p>Most programs find the rest by themselves once you have typed your address and your "
	    "password. "
	    "With two-step sign-in they need an app password, which you make in "
	    "<a href=\"/account\">your account</a>. If a program asks, these are the settings:</p>\n<dl>\n");
	put_row(out, c, "imap", "Incoming mail, IMAP");
	put_row(out, c, "pop3", "Incoming mail, POP3");
	put_row(out, c, "smtp", "Outgoing mail, SMTP");
	put(out, "<dt>Programs that speak JMAP</dt><dd>", base, "</dd>\n");
	buf_append_string(out,
	    "<dt>User name</dt><dd>your whole address</dd>\n</dl>\n<section>\n<h2>iPhone, iPad, Mac</h2>\n");
	if (c->address.len) {
		buf_init(&url, 2048);
		buf_append(&url, base);
		buf_append_string(&url, "/mobileconfig?address=");
		http_url_escape(&url, c->address);
		put(out, "<p>Scan this with the device's camera, or open <a href=\"", buf_view(&url),
		    "\">the profile</a> there. "
		    "The device then asks for your password. It may say that the profile is not verified or "
		    "not signed: it holds no more than the settings above.</p>\n");
		web_html_qr(out, buf_string(&url));
		buf_done(&url);
	} else {
		buf_append_string(out,
		    "<form method=\"get\" action=\"/setup\">\n<label>Your address\n<input name=\"address\" "
		    "type=\"text\" inputmode=\"email\" autocomplete=\"email\" autocapitalize=\"none\" "
		    "required></label>\n"
		    "<button>Show the profile</button>\n</form>\n");
	}
	buf_append_string(out, "</section>\n<p class=\"quiet\"><a href=\"/\">Sign in</a></p>\n");
	web_html_end(out);
}
