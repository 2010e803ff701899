/* See mail_profile.h. */
#include "process/mail_profile.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/utf8.h"
#include "config/services.h"
#include "format/address_normal.h"

struct profile {
	struct buf *out;
	struct view host, address, domain;
};

/* Names, and what stands in an element. */
static void put_text(struct buf *out, struct view text)
{
	bool good = utf8_valid(text);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c == '&')
			buf_append_string(out, "&amp;");
		else if (c == '<')
			buf_append_string(out, "&lt;");
		else if (c == '>')
			buf_append_string(out, "&gt;");
		else if ((unsigned char)c < ' ' || c == 127 || (!good && (unsigned char)c > 127))
			buf_append_string(out, "\xef\xbf\xbd");
		else
			buf_append_byte(out, c);
	}
}

static void put_key(const struct profile *p, const char *key, struct view value)
{
	buf_printf(p->out, "<key>%s</key><string>", key);
	put_text(p->out, value);
	buf_append_string(p->out, "</string>\n");
}

/* The same for the same profile, so that a second one replaces the first: a UUID of a hash (RFC 9562
 * section 5.8). */
static void put_uuid(const struct profile *p, const char *part)
{
	unsigned char h[crypto_generichash_BYTES];
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, sizeof h);
	crypto_generichash_update(&state, (const unsigned char *)p->host.data, p->host.len);
	crypto_generichash_update(&state, (const unsigned char *)part, strlen(part) + 1);
	crypto_generichash_update(&state, (const unsigned char *)p->address.data, p->address.len);
	crypto_generichash_final(&state, h, sizeof h);
	h[6] = (unsigned char)((h[6] & 0x0f) | 0x80);
	h[8] = (unsigned char)((h[8] & 0x3f) | 0x80);
	buf_printf(p->out,
	    "<key>PayloadUUID</key>"
	    "<string>%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X</string>\n",
	    h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14],
	    h[15]);
}

static void put_server(const struct profile *p, unsigned port, const char *which)
{
	buf_printf(p->out, "<key>%sMailServerHostName</key><string>", which);
	put_text(p->out, p->host);
	buf_printf(p->out,
	    "</string>\n<key>%sMailServerPortNumber</key><integer>%u</integer>\n"
	    "<key>%sMailServerUseSSL</key><true/>\n"
	    "<key>%sMailServerAuthentication</key><string>EmailAuthPassword</string>\n"
	    "<key>%sMailServerUsername</key><string>",
	    which, port, which, which, which);
	put_text(p->out, p->address);
	buf_append_string(p->out, "</string>\n");
}

/* TLS from the first octet where it is had. */
static unsigned port_of(const struct settings *s, enum service best, enum service other)
{
	unsigned port = service_port(s, best);
	return port ? port : service_port(s, other);
}

static void put_account(const struct profile *p, const struct settings *s)
{
	unsigned imap = port_of(s, SERVICE_IMAPS, SERVICE_IMAP);
	unsigned in = imap ? imap : port_of(s, SERVICE_POP3S, SERVICE_POP3);
	unsigned out = port_of(s, SERVICE_SUBMISSIONS, SERVICE_SUBMISSION);
	put_key(p, "EmailAccountType", imap ? VIEW("EmailTypeIMAP") : VIEW("EmailTypePOP"));
	put_key(p, "EmailAddress", p->address);
	put_key(p, "EmailAccountDescription", p->address);
	if (in)
		put_server(p, in, "Incoming");
	if (out)
		put_server(p, out, "Outgoing");
	buf_append_string(p->out, "<key>OutgoingPasswordSameAsIncomingPassword</key><true/>\n");
}

static void put_profile(const struct profile *p, const struct settings *s)
{
	buf_append_string(p->out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
	    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n"
	    "<key>PayloadContent</key>\n<array>\n<dict>\n"
	    "<key>PayloadType</key><string>com.apple.mail.managed</string>\n"
	    "<key>PayloadVersion</key><integer>1</integer>\n");
	put_key(p, "PayloadIdentifier", VIEW("postrider.mail"));
	put_uuid(p, "mail");
	put_key(p, "PayloadDisplayName", p->address);
	put_account(p, s);
	buf_append_string(p->out, "</dict>\n</array>\n<key>PayloadType</key><string>Configuration</string>\n"
	                          "<key>PayloadVersion</key><integer>1</integer>\n"
	                          "<key>PayloadIdentifier</key><string>");
	put_text(p->out, p->host);
	buf_append_string(p->out, ".mail</string>\n");
	put_uuid(p, "profile");
	put_key(p, "PayloadDisplayName", p->address);
	put_key(p, "PayloadOrganization", p->domain);
	buf_append_string(p->out, "</dict>\n</plist>\n");
}

int mail_profile_write(const struct settings *s, struct view address, struct buf *out)
{
	struct address normal;
	if (address_normalize(address, &normal) != 0)
		return -EINVAL;
	struct profile p = {
	    .out = out, .host = s->hostname, .address = address, .domain = address_domain(&normal)};
	put_profile(&p, s);
	return buf_failed(out) ? -ENOBUFS : 0;
}
