/* DNS messages: questions as servers expect them, answers with compression, and what no honest server sends.
 */
#include "../unit.h"

#include <errno.h>

#include "format/dns_message.h"

static struct buf made;

static void begin(unsigned flags, unsigned questions, unsigned answers)
{
	buf_init(&made, DNS_MESSAGE_MAX);
	buf_append_u16(&made, 7);
	buf_append_u16(&made, (uint16_t)flags);
	buf_append_u16(&made, (uint16_t)questions);
	buf_append_u16(&made, (uint16_t)answers);
	buf_append_u32(&made, 0);
}

static void add_question(const char *name, unsigned type)
{
	assert_int_equal(dns_name_write(&made, name), 0);
	buf_append_u16(&made, (uint16_t)type);
	buf_append_u16(&made, 1);
}

/* The owner is a pointer to the question's name. */
static void add_record(unsigned type, struct view data)
{
	buf_append_u16(&made, 0xc000 | DNS_HEADER_SIZE);
	buf_append_u16(&made, (uint16_t)type);
	buf_append_u16(&made, 1);
	buf_append_u32(&made, 60);
	buf_append_u16(&made, (uint16_t)data.len);
	buf_append(&made, data);
}

static void a_question_is_read_back(void **state)
{
	(void)state;
	struct dns_message m;
	struct dns_resource r;
	struct buf out;
	buf_init(&out, 512);
	assert_int_equal(dns_question_write(&out, 0x1234, "Mail.Example.org.", DNS_AAAA, true), 0);
	assert_int_equal(dns_message_open(buf_view(&out), &m), 0);
	assert_int_equal(m.id, 0x1234);
	assert_string_equal(m.name, "mail.example.org");
	assert_int_equal(m.type, DNS_AAAA);
	assert_false(m.response);
	assert_int_equal(dns_message_next(&m, &r), 1); /* EDNS */
	assert_int_equal(r.type, 41);
	assert_int_equal(r.class, DNS_UDP_MAX);
	assert_int_equal(dns_message_next(&m, &r), 0);
	assert_int_equal(dns_question_write(&out, 1, "a..b", DNS_A, false), -EINVAL);
	buf_clear(&out);
	assert_int_equal(dns_question_write(&out, 1, ".", DNS_NS, false), 0);
	assert_int_equal(dns_message_open(buf_view(&out), &m), 0);
	assert_string_equal(m.name, "");
	buf_done(&out);
}

static void an_answer_is_read(void **state)
{
	(void)state;
	struct dns_message m;
	struct dns_resource r;
	struct dns_mx mx;
	struct buf data;
	begin(0x8580, 1, 2);
	add_question("example.org", DNS_MX);
	add_record(DNS_MX, VIEW("\0\12\4MAIL\300\14"));
	add_record(DNS_TXT, VIEW("\3abc"));
	assert_int_equal(dns_message_open(buf_view(&made), &m), 0);
	assert_true(m.response && m.authoritative && m.recursive && !m.truncated && !m.authentic);
	assert_true(dns_message_answers(&m, 7, "EXAMPLE.org", DNS_MX));
	assert_false(dns_message_answers(&m, 8, "example.org", DNS_MX));
	assert_false(dns_message_answers(&m, 7, "example.net", DNS_MX));
	assert_false(dns_message_answers(&m, 7, "example.org", DNS_A));
	assert_int_equal(dns_message_next(&m, &r), 1);
	assert_string_equal(r.owner, "example.org");
	assert_int_equal(r.ttl, 60);
	buf_init(&data, 1024);
	assert_int_equal(dns_resource_data(&m, &r, &data), 0);
	assert_int_equal(dns_record_mx(buf_view(&data), &mx), 0);
	assert_string_equal(mx.host, "mail.example.org");
	assert_int_equal(mx.preference, 10);
	buf_clear(&data);
	assert_int_equal(dns_message_next(&m, &r), 1);
	assert_int_equal(dns_resource_data(&m, &r, &data), 0);
	assert_true(view_equal(buf_view(&data), VIEW("\3abc")));
	assert_int_equal(dns_message_next(&m, &r), 0);
	buf_done(&data);
	buf_done(&made);
}

/* Every prefix of an answer is malformed, and is found to be so. */
static void a_cut_answer_is_refused(void **state)
{
	(void)state;
	begin(0x8580, 1, 1);
	add_question("example.org", DNS_MX);
	add_record(DNS_MX, VIEW("\0\12\4mail\300\14"));
	for (size_t len = 0; len < buf_view(&made).len; len++) {
		struct dns_message m;
		struct dns_resource r;
		int error = dns_message_open(view_take(buf_view(&made), len), &m);
		assert_int_equal(error ? error : dns_message_next(&m, &r), -EBADMSG);
	}
	buf_append_byte(&made, 0);
	struct dns_message m;
	struct dns_resource r;
	assert_int_equal(dns_message_open(buf_view(&made), &m), 0);
	assert_int_equal(dns_message_next(&m, &r), 1);
	assert_int_equal(dns_message_next(&m, &r), -EBADMSG);
	buf_done(&made);
}

static void pointers_lead_back_only(void **state)
{
	(void)state;
	static const struct view owners[] = {
	    {"\300\14", 2},           /* itself */
	    {"\300\40", 2},           /* forward */
	    {"\1a\300\14", 4},        /* a loop with a label */
	    {"\100", 1}, {"\200", 1}, /* kinds of label that nobody uses */
	};
	for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
		struct dns_message m;
		begin(0x8400, 1, 0);
		buf_append(&made, owners[i]);
		buf_append_u32(&made, 0x00010001);
		assert_int_equal(dns_message_open(buf_view(&made), &m), -EBADMSG);
		buf_done(&made);
	}
}

/* Names that would mean something else elsewhere are read over, so that other records count. */
static void odd_names_are_read_over(void **state)
{
	(void)state;
	struct dns_message m;
	struct dns_resource r;
	struct buf data;
	begin(0x8400, 1, 2);
	add_question("example.org", DNS_MX);
	add_record(DNS_MX, VIEW("\0\12\3a.b\300\14"));
	add_record(DNS_MX, VIEW("\0\12\1a\0\0"));
	assert_int_equal(dns_message_open(buf_view(&made), &m), 0);
	buf_init(&data, 1024);
	assert_int_equal(dns_message_next(&m, &r), 1);
	assert_int_equal(dns_resource_data(&m, &r, &data), -EBADMSG);
	assert_int_equal(buf_view(&data).len, 0);
	assert_int_equal(dns_message_next(&m, &r), 1);
	assert_int_equal(
	    dns_resource_data(&m, &r, &data), 0); /* what is too much is the reader's to refuse */
	struct dns_mx mx;
	assert_int_equal(dns_record_mx(buf_view(&data), &mx), -EINVAL);
	buf_done(&data);
	buf_done(&made);
}

static void other_records_are_read(void **state)
{
	(void)state;
	struct dns_srv srv;
	struct dns_soa soa;
	struct dns_caa caa;
	assert_int_equal(dns_record_srv(VIEW("\0\1\0\2\3\341\4mail\0"), &srv), 0);
	assert_int_equal(srv.priority, 1);
	assert_int_equal(srv.weight, 2);
	assert_int_equal(srv.port, 993);
	assert_string_equal(srv.host, "mail");
	assert_int_equal(dns_record_srv(VIEW("\0\0\0\0\0\0\0"), &srv), 0);
	assert_string_equal(srv.host, "");
	assert_int_equal(dns_record_srv(VIEW("\0\0\0\0\0\0"), &srv), -EINVAL);
	assert_int_equal(
	    dns_record_soa(VIEW("\2ns\0\4host\0\0\0\1\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), &soa), 0);
	assert_string_equal(soa.primary, "ns");
	assert_int_equal(soa.serial, 258);
	assert_int_equal(dns_record_soa(VIEW("\2ns\0\4host\0\0\0\1\2"), &soa), -EINVAL);
	assert_int_equal(dns_record_caa(VIEW("\200\5issueca.example"), &caa), 0);
	assert_true(
	    caa.critical && view_equal(caa.tag, VIEW("issue")) && view_equal(caa.value, VIEW("ca.example")));
	assert_int_equal(dns_record_caa(VIEW("\0\5is ue"), &caa), -EINVAL);
	assert_int_equal(dns_record_caa(VIEW("\0\0"), &caa), -EINVAL);
	assert_int_equal(dns_record_caa(VIEW("\0\7issue"), &caa), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_question_is_read_back),
	    cmocka_unit_test(an_answer_is_read),
	    cmocka_unit_test(a_cut_answer_is_refused),
	    cmocka_unit_test(pointers_lead_back_only),
	    cmocka_unit_test(odd_names_are_read_over),
	    cmocka_unit_test(other_records_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
