/*
 * What mail programs may know of a domain's services before anybody has typed a password: the document of
 * draft-ietf-mailmaint-pacc. It names no ports, since each protocol has its own with TLS from the first
 * octet: a service elsewhere is left out.
 */
#include "trust/zone/zone_plan.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "format/json_out.h"

static bool is_offered(const struct zone_site *site, const char *service, uint16_t port)
{
	for (size_t i = 0; i < site->service_count; i++)
		if (strcmp(site->services[i].name, service) == 0 && site->services[i].port == port)
			return true;
	return false;
}

static void put(struct json_out *w, const char *name, struct view text)
{
	json_out_name(w, view_from_string(name));
	json_out_string(w, text);
}

static void put_protocols(struct json_out *w, const struct zone_site *site)
{
	static const struct {
		const char *service, *protocol;
		uint16_t port;
	} rows[] = {
	    {"_imaps._tcp", "imap", 993}, {"_pop3s._tcp", "pop3", 995}, {"_submissions._tcp", "smtp", 465}};
	json_out_name(w, VIEW("protocols"));
	json_out_object(w);
	json_out_name(w, VIEW("jmap"));
	json_out_object(w);
	json_out_name(w, VIEW("url"));
	json_out_string_begin(w);
	json_out_string_piece(w, VIEW("https://"));
	json_out_string_piece(w, view_from_string(site->host));
	json_out_string_piece(w, VIEW("/.well-known/jmap"));
	json_out_string_end(w);
	json_out_end(w);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!is_offered(site, rows[i].service, rows[i].port))
			continue;
		json_out_name(w, view_from_string(rows[i].protocol));
		json_out_object(w);
		put(w, "host", view_from_string(site->host));
		json_out_end(w);
	}
	json_out_end(w);
}

int zone_configuration_text(const struct zone_site *site, struct buf *out)
{
	struct json_out w = json_out_on(out);
	if (!is_offered(site, "_jmap._tcp", 443))
		return -ENOENT;
	json_out_object(&w);
	put_protocols(&w, site);
	json_out_name(&w, VIEW("authentication"));
	json_out_object(&w);
	json_out_name(&w, VIEW("password"));
	json_out_bool(&w, true);
	json_out_end(&w);
	json_out_name(&w, VIEW("info"));
	json_out_object(&w);
	json_out_name(&w, VIEW("provider"));
	json_out_object(&w);
	put(&w, "name", view_from_string(site->domain));
	json_out_end(&w);
	json_out_end(&w);
	json_out_end(&w);
	return buf_failed(out) ? -ENOBUFS : 0;
}

int zone_configuration_record(const struct zone_site *site, struct buf *out)
{
	unsigned char digest[ZONE_DIGEST_SIZE];
	struct buf text;
	buf_init(&text, ZONE_CONFIGURATION_MAX);
	int error = zone_configuration_text(site, &text);
	if (error == 0 && !zone_digest(buf_view(&text), digest))
		error = -ENOMEM;
	buf_done(&text);
	if (error)
		return error;
	buf_append_string(out, "v=UAAC1; a=sha256; d=");
	return base64_encode(out, view_of(digest, sizeof digest));
}
