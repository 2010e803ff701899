/* The requests of web_config.h. */
#include "role/web/web_config.h"

#include <string.h>

#include "base/mem.h"
#include "format/address_normal.h"
#include "format/json.h"
#include "http/http_url.h"
#include "process/zone_site.h"
#include "role/web/web_edge.h"
#include "role/web/web_html.h"
#include "trust/zone/zone_plan.h"

enum {
	ANSWER_MAX = 128 * 1024,
	TEXT_MAX = 4096,
	/* Of an Autodiscover request: real ones have some 400 octets. */
	QUESTION_MAX = 16 * 1024
};

/* What a request says and what is made of it. */
struct asking {
	struct buf typed; /* the address */
	struct address normal;
	struct web_config config;
};

/* ---- what is told ---- */

static void make_config(struct asking *a, struct web_exchange *e, struct view address)
{
	static const struct web_config_service services[WEB_CONFIG_SERVICES] = {
	    {"imap", SERVICE_IMAPS, 0, false}, {"imap", SERVICE_IMAP, 0, true},
	    {"pop3", SERVICE_POP3S, 0, false}, {"pop3", SERVICE_POP3, 0, true},
	    {"smtp", SERVICE_SUBMISSIONS, 0, false}, {"smtp", SERVICE_SUBMISSION, 0, true}};
	struct web_config *c = &a->config;
	struct view host = http_authority_host(http_exchange_authority(e->x));
	*c = (struct web_config){.host = edge_settings()->hostname};
	memcpy(c->services, services, sizeof services);
	for (size_t i = 0; i < WEB_CONFIG_SERVICES; i++)
		c->services[i].port = service_port(edge_settings(), c->services[i].service);
	c->domain =
	    view_starts_nocase(host, VIEW("autoconfig.")) ? view_skip(host, sizeof "autoconfig") : c->host;
	/* What is no address is passed over: it would only come back as it was typed. */
	if (address.len && address_normalize(address, &a->normal) == 0) {
		c->address = address;
		c->domain = address_domain(&a->normal);
	}
}

static void begin_asking(struct asking *a, struct web_exchange *e, const char *name)
{
	buf_init(&a->typed, TEXT_MAX);
	if (http_query_get(http_exchange_query(e->x), name, &a->typed) != 0)
		buf_clear(&a->typed);
	make_config(a, e, view_trim(buf_view(&a->typed)));
}

static void reply(struct web_exchange *e, unsigned status, struct view type, struct buf *out)
{
	if (buf_failed(out))
		web_exchange_unavailable(e);
	else
		http_exchange_reply(e->x, status, type, buf_view(out));
	buf_done(out);
}

static void thunderbird(struct web_exchange *e)
{
	struct asking a;
	struct buf out;
	buf_init(&out, ANSWER_MAX);
	begin_asking(&a, e, "emailaddress");
	web_config_thunderbird(&a.config, &out);
	reply(e, 200, VIEW("text/xml; charset=utf-8"), &out);
	buf_done(&a.typed);
}

static void page(struct web_exchange *e)
{
	struct asking a;
	struct buf out, base;
	buf_init(&out, ANSWER_MAX);
	buf_init(&base, TEXT_MAX);
	begin_asking(&a, e, "address");
	web_exchange_base(e, &base);
	web_config_page(&a.config, web_language_of(e), buf_view(&base), &out);
	web_html_reply(e, 200, &out);
	buf_done(&out);
	buf_done(&base);
	buf_done(&a.typed);
}

/* ---- Autodiscover in JSON: where the one in XML is ---- */

static void json_problem(struct web_exchange *e, const char *code, const char *message)
{
	struct buf out;
	buf_init(&out, ANSWER_MAX);
	buf_printf(&out, "{\"ErrorCode\":\"%s\",\"ErrorMessage\":\"%s\"}", code, message);
	reply(e, 400, VIEW("application/json"), &out);
}

static void outlook_json(struct web_exchange *e)
{
	struct buf protocol, out;
	buf_init(&protocol, TEXT_MAX);
	buf_init(&out, ANSWER_MAX);
	if (http_query_get(http_exchange_query(e->x), "Protocol", &protocol) != 0)
		json_problem(e, "MandatoryParameterMissing",
		    "A valid value must be provided for the query parameter 'Protocol'");
	else if (!view_equal_nocase(buf_view(&protocol), VIEW("AutodiscoverV1")))
		json_problem(e, "InvalidProtocol",
		    "The given protocol value is invalid. Supported values are 'AutodiscoverV1'");
	else {
		buf_append_string(&out, "{\"Protocol\":\"AutodiscoverV1\",\"Url\":\"");
		web_exchange_base(e, &out);
		buf_append_string(&out, "/autodiscover/autodiscover.xml\"}");
		reply(e, 200, VIEW("application/json"), &out);
	}
	buf_done(&protocol);
	buf_done(&out);
}

/* ---- Autodiscover in XML ---- */

static void begin_xml(struct web_exchange *e)
{
	struct buf *body;
	if (!http_exchange_take_body(e->x, QUESTION_MAX)) {
		web_exchange_refuse(e, 413, NULL, NULL, "This request is too large.");
		return;
	}
	e->data = body = mem_alloc(sizeof *body);
	buf_init(body, QUESTION_MAX);
}

static ptrdiff_t find(struct view text, struct view word)
{
	for (size_t at = 0; at + word.len <= text.len; at++)
		if (view_starts_nocase(view_skip(text, at), word))
			return (ptrdiff_t)at;
	return -1;
}

/*
 * The text of an element, as it stands there; empty if there is none. Nothing is decided by it but what the
 * asker is told back, so the XML around it is not read.
 */
static struct view element(struct view xml, struct view begin)
{
	ptrdiff_t at = find(xml, begin);
	if (at < 0)
		return (struct view){0};
	struct view rest = view_skip(xml, (size_t)at + begin.len);
	ptrdiff_t end = view_find(rest, '<');
	return end < 0 ? (struct view){0} : view_trim(view_take(rest, (size_t)end));
}

/* MS-OXDSCLI section 2.2.4.1.1.3: 600 a request that makes no sense, 601 a kind of answer that is not had
 * here. */
static void xml_problem(struct web_exchange *e, unsigned code, const char *message)
{
	struct buf out;
	buf_init(&out, ANSWER_MAX);
	buf_printf(&out,
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	    "<Autodiscover "
	    "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\n"
	    "  <Response><Error Time=\"00:00:00\" "
	    "Id=\"0\"><ErrorCode>%u</ErrorCode><Message>%s</Message><DebugData/></Error>"
	    "</Response>\n</Autodiscover>\n",
	    code, message);
	reply(e, 200, VIEW("text/xml; charset=utf-8"), &out);
}

static void answer_xml(struct web_exchange *e, struct view xml)
{
	struct view schema = element(xml, VIEW("<AcceptableResponseSchema>"));
	struct asking a;
	struct buf out;
	make_config(&a, e, element(xml, VIEW("<EMailAddress>")));
	if (a.config.address.len == 0) {
		xml_problem(e, 600, "Invalid Request");
	} else if (schema.len && find(schema, VIEW("/outlook/responseschema/2006a")) < 0) {
		xml_problem(e, 601, "Provider is not available");
	} else {
		buf_init(&out, ANSWER_MAX);
		web_config_outlook(&a.config, &out);
		reply(e, 200, VIEW("text/xml; charset=utf-8"), &out);
	}
}

static size_t xml_body(struct web_exchange *e, struct view bytes, bool last)
{
	struct buf *body = e->data;
	if (body == NULL || http_exchange_has_begun(e->x))
		return bytes.len;
	buf_append(body, bytes);
	if (last && buf_failed(body))
		web_exchange_refuse(e, 413, NULL, NULL, "This request is too large.");
	else if (last)
		answer_xml(e, buf_view(body));
	return bytes.len;
}

static void xml_over(struct web_exchange *e, bool whole)
{
	(void)whole;
	if (e->data)
		buf_done(e->data);
	mem_free(e->data);
}

/* ---- MTA-STS ---- */

static void policy(struct web_exchange *e)
{
	struct view host = http_authority_host(http_exchange_authority(e->x));
	struct zone_site site;
	struct arena arena;
	struct buf out;
	const char *problem;
	arena_init(&arena, ZONE_SITE_MEMORY_MAX);
	buf_init(&out, ANSWER_MAX);
	/* Under any other name it would be nobody's policy. */
	if (view_starts_nocase(host, VIEW("mta-sts.")) &&
	    zone_site_make(edge_settings(), view_skip(host, sizeof "mta-sts"), &arena, &site, &problem) ==
	        0 &&
	    zone_policy_text(&site, &out) == 0)
		reply(e, 200, VIEW("text/plain"), &out);
	else
		web_exchange_refuse(e, 404, NULL, NULL, "There is nothing here.");
	buf_done(&out);
	arena_done(&arena);
}

/* ---- draft-ietf-mailmaint-pacc ---- */

static void user_agents(struct web_exchange *e)
{
	struct view host = http_authority_host(http_exchange_authority(e->x));
	struct zone_site site;
	struct arena arena;
	struct buf out;
	const char *problem;
	arena_init(&arena, ZONE_SITE_MEMORY_MAX);
	buf_init(&out, ZONE_CONFIGURATION_MAX);
	if (view_starts_nocase(host, VIEW("ua-auto-config.")) &&
	    zone_site_make(
	        edge_settings(), view_skip(host, sizeof "ua-auto-config"), &arena, &site, &problem) == 0 &&
	    zone_configuration_text(&site, &out) == 0)
		reply(e, 200, VIEW("application/json"), &out);
	else
		web_exchange_refuse(e, 404, NULL, NULL, "There is nothing here.");
	buf_done(&out);
	arena_done(&arena);
}

/* Programs write these paths in several ways. */
const struct web_route web_config_routes[] = {
    {"GET", "/.well-known/autoconfig/mail/config-v1.1.xml", 0, thunderbird, NULL, NULL, NULL},
    {"GET", "/mail/config-v1.1.xml", 0, thunderbird, NULL, NULL, NULL},
    {"POST", "/autodiscover/autodiscover.xml", 0, begin_xml, xml_body, NULL, xml_over},
    {"POST", "/Autodiscover/Autodiscover.xml", 0, begin_xml, xml_body, NULL, xml_over},
    {"POST", "/AutoDiscover/AutoDiscover.xml", 0, begin_xml, xml_body, NULL, xml_over},
    {"GET", "/autodiscover/autodiscover.json*", 0, outlook_json, NULL, NULL, NULL},
    {"GET", "/Autodiscover/Autodiscover.json*", 0, outlook_json, NULL, NULL, NULL},
    {"GET", "/setup", 0, page, NULL, NULL, NULL},
    {"GET", "/.well-known/user-agent-configuration.json", 0, user_agents, NULL, NULL, NULL},
    {"GET", "/.well-known/mta-sts.txt", 0, policy, NULL, NULL, NULL},
    {0},
};
