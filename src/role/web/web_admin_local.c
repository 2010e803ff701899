/* What administrators are told that this process knows: the settings that it runs with, the certificates that
 * it serves with, and what the master has told of all processes. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "config/settings.h"
#include "format/json.h"
#include "role/web/web_admin.h"
#include "role/web/web_edge.h"

/* ---- settings ---- */

static void put_list(struct buf *out, struct view list)
{
	struct view element;
	bool first = true;
	buf_append_byte(out, '[');
	while (list.len && view_next(&list, '\n', &element)) {
		buf_append_string(out, first ? "" : ",");
		json_append_string(out, element);
		first = false;
	}
	buf_append_byte(out, ']');
}

static void put_value(struct buf *out, enum setting_kind kind, struct view text, uint64_t number)
{
	if (kind == SETTING_LIST)
		put_list(out, text);
	else if (kind == SETTING_TEXT)
		json_append_string(out, text);
	else if (kind == SETTING_FLAG)
		buf_append_string(out, number ? "true" : "false");
	else
		buf_printf(out, "%llu", (unsigned long long)number);
}

void web_admin_settings(struct buf *out)
{
	static const char *const kinds[] = {[SETTING_TEXT] = "text",
	    [SETTING_LIST] = "list",
	    [SETTING_NUMBER] = "number",
	    [SETTING_SIZE] = "size",
	    [SETTING_FLAG] = "flag"};
	struct settings defaults = {0};
	struct setting_told now, usual;
	settings_init(&defaults);
	for (size_t i = 0; setting_tell(&web_edge.process->settings, i, &now); i++) {
		(void)setting_tell(&defaults, i, &usual);
		buf_printf(out, "%s{\"id\":\"%s\",\"name\":\"%s\",\"kind\":\"%s\",\"value\":", i ? "," : "[",
		    now.name, now.name, kinds[now.kind]);
		put_value(out, now.kind, now.text, now.number);
		buf_append_string(out, ",\"default\":");
		put_value(out, usual.kind, usual.text, usual.number);
		buf_printf(out, ",\"isDefault\":%s,\"text\":",
		    view_equal(now.text, usual.text) && now.number == usual.number ? "true" : "false");
		json_append_string(out, view_from_string(now.meaning));
		buf_append_byte(out, '}');
	}
	buf_append_byte(out, ']');
	settings_done(&defaults);
}

/* ---- certificates ---- */

enum { CERTIFICATES_MAX = 256 * 1024 };

static void put_names(struct buf *out, X509 *x)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool first = true;
	buf_append_byte(out, '[');
	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_DNS)
			continue;
		buf_append_string(out, first ? "" : ",");
		json_append_string(out, view_of((const char *)ASN1_STRING_get0_data(name->d.dNSName),
		                            (size_t)ASN1_STRING_length(name->d.dNSName)));
		first = false;
	}
	buf_append_byte(out, ']');
	GENERAL_NAMES_free(names);
}

static void put_certificate(struct buf *out, struct view pem)
{
	BIO *in = BIO_new_mem_buf(pem.data, (int)pem.len);
	X509 *x = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
	struct tm end;
	if (x && ASN1_TIME_to_tm(X509_get0_notAfter(x), &end) == 1) {
		buf_append_string(out, buf_view(out).len > 1 ? ",{\"names\":" : "{\"names\":");
		put_names(out, x);
		buf_printf(out, ",\"expires\":%lld}", (long long)timegm(&end));
	}
	X509_free(x);
	BIO_free(in);
}

/* The files are here only while the role is being configured. */
static struct buf certificates;

void web_admin_note_certificates(const struct role_process *p)
{
	buf_done(&certificates);
	buf_init(&certificates, CERTIFICATES_MAX);
	buf_append_byte(&certificates, '[');
	for (const struct role_file *f = p->files; f; f = f->next)
		if (f->kind == FILE_CHAIN)
			put_certificate(&certificates, buf_view(&f->content));
	buf_append_byte(&certificates, ']');
}

void web_admin_roles(struct buf *out)
{
	struct view roles = buf_view(&web_edge.process->roles);
	buf_append(out, roles.len ? roles : VIEW("[]"));
}

void web_admin_certificates(struct buf *out)
{
	buf_append(out, buf_view(&certificates));
}
