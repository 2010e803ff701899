/* Reports: what is written is read alike; others' reports, in the forms that exist; what is none. */
#include "report_arena.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report/report_read.h"
#include "report/report_write.h"

/* A view in an initialiser of the file. */
#define TEXT(literal)                                                                                        \
	{                                                                                                    \
		literal, sizeof(literal) - 1                                                                 \
	}

/* ---- ours ---- */

static struct report_reason reasons[] = {
    {TEXT("local_policy"), TEXT("a list & <friends>")}, {TEXT("other"), TEXT("")}};
static struct report_signature signatures[] = {
    {TEXT("example.com"), TEXT("s1"), TEXT("pass")}, {TEXT("list.example"), TEXT("x"), TEXT("fail")}};
static struct report_row rows[] = {
    {.source = TEXT("192.0.2.1"),
        .count = 12,
        .disposition = TEXT("none"),
        .dkim = TEXT("pass"),
        .spf = TEXT("fail"),
        .reasons = {reasons, 2},
        .header_from = TEXT("example.com"),
        .envelope_from = TEXT("bounce.example.com"),
        .signatures = {signatures, 2},
        .spf_domain = TEXT("bounce.example.com"),
        .spf_scope = TEXT("mfrom"),
        .spf_result = TEXT("softfail")},
    {.source = TEXT("2001:db8::1"),
        .count = 1,
        .disposition = TEXT("reject"),
        .dkim = TEXT("fail"),
        .spf = TEXT("fail"),
        .header_from = TEXT("sub.example.com"),
        .envelope_from = TEXT("")},
};

static struct report_dmarc dmarc_report(void)
{
	return (struct report_dmarc){.org = VIEW("B\xc3\xbc"
	                                         "cher & Co"),
	    .email = VIEW("postmaster@receiver.example"),
	    .id = VIEW("abc123"),
	    .generator = VIEW("Postrider 0.1"),
	    .begin = 1732665600,
	    .end = 1732751999,
	    .policy = {.domain = VIEW("example.com"),
	        .p = VIEW("quarantine"),
	        .sp = VIEW("none"),
	        .np = VIEW("reject"),
	        .adkim = VIEW("r"),
	        .aspf = VIEW("s"),
	        .fo = VIEW("0"),
	        .testing = VIEW("n"),
	        .method = VIEW("treewalk")},
	    .rows = {rows, 2}};
}

static void expect_row(const struct report_row *a, const struct report_row *b)
{
	const struct report_signature *s = a->signatures.items, *t = b->signatures.items;
	const struct report_reason *r = a->reasons.items, *q = b->reasons.items;
	assert_true(view_equal(a->source, b->source) && a->count == b->count);
	assert_true(view_equal(a->disposition, b->disposition) && view_equal(a->dkim, b->dkim));
	assert_true(view_equal(a->spf, b->spf) && view_equal(a->header_from, b->header_from));
	assert_true(
	    view_equal(a->envelope_from, b->envelope_from) && view_equal(a->spf_domain, b->spf_domain));
	assert_true(view_equal(a->spf_scope, b->spf_scope) && view_equal(a->spf_result, b->spf_result));
	assert_int_equal(a->signatures.count, b->signatures.count);
	for (size_t i = 0; i < a->signatures.count; i++)
		assert_true(view_equal(s[i].domain, t[i].domain) &&
		            view_equal(s[i].selector, t[i].selector) && view_equal(s[i].result, t[i].result));
	assert_int_equal(a->reasons.count, b->reasons.count);
	for (size_t i = 0; i < a->reasons.count; i++)
		assert_true(view_equal(r[i].type, q[i].type) && view_equal(r[i].comment, q[i].comment));
}

static void expect_dmarc(const struct report_dmarc *a, const struct report_dmarc *b)
{
	const struct report_row *x = a->rows.items, *y = b->rows.items;
	assert_true(view_equal(a->org, b->org) && view_equal(a->email, b->email) && view_equal(a->id, b->id));
	assert_true(view_equal(a->generator, b->generator) && a->begin == b->begin && a->end == b->end);
	assert_true(view_equal(a->policy.domain, b->policy.domain) && view_equal(a->policy.p, b->policy.p));
	assert_true(view_equal(a->policy.sp, b->policy.sp) && view_equal(a->policy.np, b->policy.np));
	assert_true(
	    view_equal(a->policy.adkim, b->policy.adkim) && view_equal(a->policy.aspf, b->policy.aspf));
	assert_true(
	    view_equal(a->policy.fo, b->policy.fo) && view_equal(a->policy.testing, b->policy.testing));
	assert_true(view_equal(a->policy.method, b->policy.method));
	assert_int_equal(a->rows.count, b->rows.count);
	for (size_t i = 0; i < a->rows.count; i++)
		expect_row(&x[i], &y[i]);
}

/* In pieces of that size; 0: in one. */
static int read_xml(struct view xml, size_t piece, struct report_dmarc *out)
{
	struct report_dmarc_reader *r = report_dmarc_reader_new(&arena);
	int error = 0;
	assert_non_null(r);
	while (xml.len > 0 && error == 0) {
		struct view part = view_take(xml, piece ? piece : xml.len);
		error = report_dmarc_feed(r, part);
		xml = view_skip(xml, part.len);
	}
	error = error ? error : report_dmarc_end(r, out);
	report_dmarc_reader_free(r);
	return error;
}

static void what_is_written_is_read_alike(void **state)
{
	struct report_dmarc ours = dmarc_report(), theirs;
	struct buf xml;
	(void)state;
	buf_init(&xml, 1 << 20);
	assert_int_equal(report_dmarc_write(&ours, &xml), 0);
	for (size_t piece = 0; piece < 40; piece++) {
		assert_int_equal(read_xml(buf_view(&xml), piece, &theirs), 0);
		expect_dmarc(&ours, &theirs);
		arena_reset(&arena);
	}
	buf_done(&xml);
}

static void our_form_is_read_alike(void **state)
{
	struct report_dmarc ours = dmarc_report(), theirs;
	struct buf bytes;
	(void)state;
	buf_init(&bytes, REPORT_BYTES_MAX);
	assert_int_equal(codec_encode(&bytes, &report_dmarc_schema, &ours), 0);
	assert_int_equal(codec_decode(buf_view(&bytes), &report_dmarc_schema, &theirs, &arena), 0);
	expect_dmarc(&ours, &theirs);
	for (size_t len = 0; len < buf_view(&bytes).len; len++)
		assert_int_equal(
		    codec_decode(view_take(buf_view(&bytes), len), &report_dmarc_schema, &theirs, &arena),
		    -EBADMSG);
	buf_done(&bytes);
}

static void texts_stay_texts(void **state)
{
	struct report_dmarc ours = dmarc_report(), theirs;
	struct buf xml;
	(void)state;
	buf_init(&xml, 1 << 20);
	ours.org = VIEW("a<b>&amp;\x01\xff]]>");
	assert_int_equal(report_dmarc_write(&ours, &xml), 0);
	assert_int_equal(read_xml(buf_view(&xml), 0, &theirs), 0);
	assert_view(theirs.org, "a<b>&amp;\xef\xbf\xbd\xef\xbf\xbd]]>");
	buf_done(&xml);
}

/* ---- others' ---- */

/* As RFC 7489 appendix C has it, without a namespace, in another order, with what nobody knows. */
static const char old[] =
    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<!-- a comment -->\n<feedback>\n"
    " <policy_published><domain>example.org</domain><p>none</p><pct>100</pct></policy_published>\n"
    " <record><auth_results><spf><domain>a.example</domain><result>pass</result></spf>"
    "<spf><domain>b.example</domain><result>fail</result></spf></auth_results>"
    "<identifiers><header_from> example.org\n</header_from></identifiers>"
    "<row><source_ip>198.51.100.7</source_ip><count>3</count>"
    "<policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></"
    "row>"
    "<ext:new xmlns:ext=\"urn:x\"><row><count>99</count></row></ext:new></record>\n"
    " <record><row><source_ip>198.51.100.8</source_ip><count>0</count></row></record>\n"
    " <report_metadata><org_name>Caf\xe9</org_name><report_id>1</report_id>"
    "<date_range><begin>1500000000.5</begin><end>1500086399</end></date_range></report_metadata>\n"
    "</feedback>\n";

static void others_reports_are_read(void **state)
{
	struct report_dmarc r;
	(void)state;
	assert_int_equal(read_xml(view_from_string(old), 1, &r), 0);
	assert_view(r.org, "Caf\xc3\xa9");
	assert_view(r.policy.domain, "example.org");
	assert_view(r.policy.p, "none");
	assert_int_equal(r.begin, 1500000000);
	assert_int_equal(r.rows.count, 1);
	const struct report_row *row = r.rows.items;
	assert_view(row->source, "198.51.100.7");
	assert_int_equal(row->count, 3);
	assert_view(row->header_from, "example.org");
	assert_view(row->spf_domain, "a.example");
	assert_view(row->spf_result, "pass");
	assert_int_equal(row->signatures.count, 0);
}

static void what_is_no_report_is_refused(void **state)
{
	static const char *const texts[] = {"", "x", "<a/>", "<feedback/>", "<feedback>",
	    "<feedback><policy_published><domain>x</domain></policy_published></feedback>",
	    "<!DOCTYPE feedback [<!ENTITY a \"b\">]><feedback/>", "<feedback>&x;</feedback>",
	    "<feedback><record><row><source_ip>1</source_ip><count>1</count></row></record></feedback>"};
	struct report_dmarc r;
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		for (size_t piece = 0; piece < 3; piece++)
			if (read_xml(view_from_string(texts[i]), piece, &r) != -EBADMSG)
				fail_msg("%s", texts[i]);
}

static void rows_are_bounded_and_counted(void **state)
{
	struct report_dmarc_reader *reader = report_dmarc_reader_new(&arena);
	struct report_dmarc r;
	char text[300];
	(void)state;
	assert_int_equal(report_dmarc_feed(reader,
	                     VIEW("<feedback><policy_published><domain>d</domain></policy_published>")),
	    0);
	for (unsigned i = 0; i < REPORT_ROWS_MAX + 100; i++) {
		snprintf(text, sizeof text,
		    "<record><row><source_ip>10.0.%u.%u</source_ip><count>2</count></row></record>", i / 256,
		    i % 256);
		assert_int_equal(report_dmarc_feed(reader, view_from_string(text)), 0);
	}
	assert_int_equal(report_dmarc_feed(reader, VIEW("</feedback>")), 0);
	assert_int_equal(report_dmarc_end(reader, &r), 0);
	assert_int_equal(r.rows.count, REPORT_ROWS_MAX);
	assert_int_equal(r.left_out, 200);
	report_dmarc_reader_free(reader);
}

static void long_texts_and_deep_elements_cost_nothing(void **state)
{
	struct report_dmarc_reader *reader = report_dmarc_reader_new(&arena);
	struct report_dmarc r;
	(void)state;
	report_dmarc_feed(reader, VIEW("<feedback><report_metadata><org_name>"));
	for (int i = 0; i < 100000; i++)
		report_dmarc_feed(reader, VIEW("\xc3\xa4"));
	report_dmarc_feed(reader, VIEW("</org_name></report_metadata>"));
	for (int i = 0; i < 100; i++)
		report_dmarc_feed(reader, VIEW("<record>"));
	for (int i = 0; i < 100; i++)
		report_dmarc_feed(reader, VIEW("</record>"));
	report_dmarc_feed(reader, view_skip(view_from_string(old), 70));
	report_dmarc_end(reader, &r);
	report_dmarc_reader_free(reader);
	assert_true(arena.used < 100000);
}

/* ---- TLS ---- */

static struct report_text strings[] = {{TEXT("version: STSv1")}, {TEXT("mode: testing")}};
static struct report_text hosts[] = {{TEXT("*.mail.company-y.example")}};
static struct report_tls_failure failures[] = {
    {.type = TEXT("certificate-expired"),
        .sending_ip = TEXT("2001:db8:abcd:12::1"),
        .mx_host = TEXT("mx1.mail.company-y.example"),
        .count = 100},
    {.type = TEXT("starttls-not-supported"),
        .sending_ip = TEXT("192.0.2.1"),
        .mx_host = TEXT("mx2.mail.company-y.example"),
        .mx_helo = TEXT("x"),
        .receiving_ip = TEXT("203.0.113.56"),
        .info = TEXT("https://reports.company-x.example/report_info ? id = 5065427"),
        .code = TEXT("\"quoted\""),
        .count = 200},
};
static struct report_tls_policy policies[] = {
    {.type = TEXT("sts"),
        .domain = TEXT("company-y.example"),
        .strings = {strings, 2},
        .mx = {hosts, 1},
        .successes = 5326,
        .failures = 303,
        .details = {failures, 2}},
    {.type = TEXT("no-policy-found"), .domain = TEXT("company-y.example"), .successes = 1},
};

static struct report_tls tls_report(void)
{
	return (struct report_tls){.org = VIEW("Company-X"),
	    .contact = VIEW("sts-reporting@company-x.example"),
	    .id = VIEW("5065427c-23d3-47ca-b6e0-946ea0e8c4be"),
	    .begin = 1459468800,
	    .end = 1459555199,
	    .policies = {policies, 2}};
}

static void expect_tls(const struct report_tls *a, const struct report_tls *b)
{
	const struct report_tls_policy *p = a->policies.items, *q = b->policies.items;
	assert_true(
	    view_equal(a->org, b->org) && view_equal(a->contact, b->contact) && view_equal(a->id, b->id));
	assert_true(a->begin == b->begin && a->end == b->end);
	assert_int_equal(a->policies.count, b->policies.count);
	for (size_t i = 0; i < a->policies.count; i++) {
		const struct report_tls_failure *f = p[i].details.items, *g = q[i].details.items;
		const struct report_text *s = p[i].strings.items, *t = q[i].strings.items;
		assert_true(view_equal(p[i].type, q[i].type) && view_equal(p[i].domain, q[i].domain));
		assert_true(p[i].successes == q[i].successes && p[i].failures == q[i].failures);
		assert_int_equal(p[i].strings.count, q[i].strings.count);
		assert_int_equal(p[i].mx.count, q[i].mx.count);
		for (size_t k = 0; k < p[i].strings.count; k++)
			assert_true(view_equal(s[k].value, t[k].value));
		assert_int_equal(p[i].details.count, q[i].details.count);
		for (size_t k = 0; k < p[i].details.count; k++) {
			assert_true(
			    view_equal(f[k].type, g[k].type) && view_equal(f[k].mx_host, g[k].mx_host));
			assert_true(
			    view_equal(f[k].sending_ip, g[k].sending_ip) && view_equal(f[k].info, g[k].info));
			assert_true(view_equal(f[k].receiving_ip, g[k].receiving_ip) &&
			            view_equal(f[k].code, g[k].code));
			assert_true(f[k].count == g[k].count);
		}
	}
}

static void tls_reports_are_read_as_written(void **state)
{
	struct report_tls ours = tls_report(), theirs;
	struct buf json, bytes;
	(void)state;
	buf_init(&json, 1 << 20);
	buf_init(&bytes, 1 << 20);
	assert_int_equal(report_tls_write(&ours, &json), 0);
	assert_int_equal(report_tls_read(buf_view(&json), &arena, &theirs), 0);
	expect_tls(&ours, &theirs);
	assert_int_equal(codec_encode(&bytes, &report_tls_schema, &theirs), 0);
	assert_int_equal(codec_decode(buf_view(&bytes), &report_tls_schema, &theirs, &arena), 0);
	expect_tls(&ours, &theirs);
	buf_done(&json);
	buf_done(&bytes);
}

static void tls_reports_in_odd_forms_are_read(void **state)
{
	struct report_tls r;
	static const char text[] =
	    "{\"organization-name\":\"X\",\"policies\":[{\"policy\":{\"policy-type\":\"sts\",\"policy-"
	    "string\":\"one\","
	    "\"policy-domain\":\"y.example\",\"mx-host\":\"mx\"},\"summary\":{\"total-successful-session-"
	    "count\":\"7\"},"
	    "\"failure-details\":[]}],\"date-range\":{\"start-datetime\":\"never\"},\"new\":[[[1]]]}";
	(void)state;
	assert_int_equal(report_tls_read(view_from_string(text), &arena, &r), 0);
	const struct report_tls_policy *p = r.policies.items;
	assert_int_equal(p->successes, 7);
	assert_int_equal(p->strings.count, 1);
	assert_int_equal(p->mx.count, 1);
	assert_int_equal(r.begin, 0);
	static const char *const none[] = {
	    "", "[]", "{}", "{\"policies\":[]}", "{\"policies\":[1]}", "{\"policies\":3}"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_int_equal(report_tls_read(view_from_string(none[i]), &arena, &r), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_is_written_is_read_alike, arena_begin, arena_end),
	    cmocka_unit_test_setup_teardown(our_form_is_read_alike, arena_begin, arena_end),
	    cmocka_unit_test_setup_teardown(texts_stay_texts, arena_begin, arena_end),
	    cmocka_unit_test_setup_teardown(others_reports_are_read, arena_begin, arena_end),
	    cmocka_unit_test_setup_teardown(what_is_no_report_is_refused, arena_begin, arena_end),
	    cmocka_unit_test_setup_teardown(rows_are_bounded_and_counted, arena_begin, arena_end),
	    cmocka_unit_test_setup_teardown(
	        long_texts_and_deep_elements_cost_nothing, arena_begin, arena_end),
	    cmocka_unit_test_setup_teardown(tls_reports_are_read_as_written, arena_begin, arena_end),
	    cmocka_unit_test_setup_teardown(tls_reports_in_odd_forms_are_read, arena_begin, arena_end),
	};
	return cmocka_run_group_tests_name("report/report", tests, NULL, NULL);
}
