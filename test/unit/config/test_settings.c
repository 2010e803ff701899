/* The settings: defaults, what a file may say, ranges, and the form in which they reach the roles. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "config/services.h"
#include "config/settings.h"

static struct settings s;
static struct buf problem;

static int start(void **state)
{
	(void)state;
	buf_init(&problem, 4096);
	settings_init(&s);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	settings_done(&s);
	buf_done(&problem);
	return 0;
}

static void good(const char *text)
{
	buf_clear(&problem);
	if (settings_parse(&s, text, &problem) != 0)
		fail_msg("%s: %s", text, buf_string(&problem));
	assert_int_equal(buf_view(&problem).len, 0);
}

/* Refused, and told with the name of what is wrong; nothing has changed. */
static void bad(const char *text, const char *named)
{
	struct settings before = s;
	buf_clear(&problem);
	assert_int_equal(settings_parse(&s, text, &problem), -EINVAL);
	if (strstr(buf_string(&problem), named) == NULL)
		fail_msg("%s: \"%s\" names no %s", text, buf_string(&problem), named);
	assert_memory_equal(&before, &s, sizeof s);
}

static void defaults_are_within_their_ranges(void **state)
{
	(void)state;
	struct settings parsed = {0};
	assert_view(s.hostname, "localhost");
	assert_view(s.smtp_listen, "0.0.0.0:25\n[::]:25");
	assert_view(s.lmtp_listen, "");
	assert_int_equal(s.message_size_max, 64 << 20);
	assert_int_equal(s.require_tls_login, true);
	assert_int_equal(s.tls_cbc, false);
	assert_int_equal(settings_parse(&parsed, "", &problem), 0);
	assert_view(parsed.smtp_listen, "0.0.0.0:25\n[::]:25");
	assert_int_equal(parsed.message_size_max, s.message_size_max);
	settings_done(&parsed);
	/* The example says the defaults: read back, it changes nothing. */
	struct buf example, one, other;
	buf_init(&example, 1 << 20);
	buf_init(&one, 1 << 20);
	buf_init(&other, 1 << 20);
	settings_example(&example);
	assert_int_equal(settings_encode(&s, &one), 0);
	good(buf_string(&example));
	assert_int_equal(settings_encode(&s, &other), 0);
	assert_true(view_equal(buf_view(&one), buf_view(&other)));
	buf_done(&example);
	buf_done(&one);
	buf_done(&other);
}

static void reads_every_kind(void **state)
{
	(void)state;
	good("hostname = \"mx.example.test\"\n# a remark\nerrors_max = 7\nmessage_size_max = "
	     "100K\ncrash_stop = true\n"
	     "smtp_listen = {\"127.0.0.1:2025\", \"[::1]:2025\"}\npop3_listen = {}\n");
	assert_view(s.hostname, "mx.example.test");
	assert_int_equal(s.errors_max, 7);
	assert_int_equal(s.message_size_max, 102400);
	assert_true(s.crash_stop);
	assert_view(s.smtp_listen, "127.0.0.1:2025\n[::1]:2025");
	assert_view(s.pop3_listen, ""); /* an empty list is not the default's */
	assert_view(s.pop3s_listen, "0.0.0.0:995\n[::]:995");
	good("require_tls_login = false\nlog_level = 0");
	assert_false(s.require_tls_login);
	assert_int_equal(s.log_level, 0);
	assert_view(s.hostname, "localhost"); /* the defaults, not what was read before */
}

static void refuses_what_is_out_of_range(void **state)
{
	(void)state;
	good("hostname = \"kept.example.test\"");
	good("errors_max = 3");
	good("errors_max = 1000");
	bad("errors_max = 2", "errors_max");
	bad("errors_max = 1001", "errors_max");
	bad("errors_max = -1", "errors_max");
	bad("errors_max = 99999999999999999999999", "errors_max");
	bad("errors_max = many", "errors_max");
	bad("errors_max = \"\"", "errors_max");
	good("message_size_max = 65536");
	good("message_size_max = 1T");
	bad("message_size_max = 65535", "message_size_max");
	bad("message_size_max = 1025G", "message_size_max");
	bad("message_size_max = 64MB", "message_size_max");
	bad("message_size_max = 20000000T", "message_size_max");
	bad("crash_stop = 3", "crash_stop");
	bad("log_level = 4", "log_level");
}

static void refuses_what_it_does_not_know(void **state)
{
	(void)state;
	bad("no_such_thing = 1", "no_such_thing");
	bad("hostname = \"unfinished", ":1:");
	bad("\n\nhostname \"x\"", ":3:");
	bad("hostname = {\"a\", \"b\"", "");
	bad("hostname = \"\"", "hostname");
	bad("data = \"\"", "data");
}

static void counts_pairs_of_certificates(void **state)
{
	(void)state;
	char text[8192] = "", *at = text;
	good("tls_certificates = {\"a.pem\", \"b.pem\"}\ntls_keys = {\"a.key\", \"b.key\"}");
	assert_view(s.tls_keys, "a.key\nb.key");
	bad("tls_certificates = {\"a.pem\", \"b.pem\"}\ntls_keys = {\"a.key\"}", "tls_keys 1");
	bad("tls_keys = {\"a.key\"}", "tls_certificates names 0");
	for (int i = 0; i < 2; i++) {
		at += sprintf(at, "%s = {\"x\"", i ? "\ntls_keys" : "tls_certificates");
		for (int k = 1; k < CERTIFICATES_MAX_SETTING + 1; k++)
			at += sprintf(at, ", \"%d\"", k);
		at += sprintf(at, "}");
	}
	bad(text, "at most 64");
}

static void names_file_and_line(void **state)
{
	(void)state;
	char path[] = "/tmp/postrider-settings-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hostname = \"x\"\nno_such = 1\n", 27), 27);
	assert_int_equal(settings_read(&s, path, &problem), -EINVAL);
	assert_non_null(strstr(buf_string(&problem), path));
	assert_non_null(strstr(buf_string(&problem), ":2:"));
	assert_int_equal(pwrite(fd, "# nothing else             ", 27, 0), 27);
	buf_clear(&problem);
	assert_int_equal(settings_read(&s, path, &problem), 0);
	close(fd);
	unlink(path);
	assert_int_equal(settings_read(&s, path, &problem), -ENOENT);
	assert_non_null(strstr(buf_string(&problem), path));
	assert_view(s.hostname, "localhost");
}

static void reaches_the_roles_as_it_was(void **state)
{
	(void)state;
	struct settings copy = {0};
	struct buf encoded, again;
	buf_init(&encoded, 1 << 20);
	buf_init(&again, 1 << 20);
	good("hostname = \"mx.example.test\"\nerrors_max = 7\nproxy_from = {\"192.0.2.0/24\"}\nlmtp_listen = "
	     "{}\nquota_default = 5G");
	assert_int_equal(settings_encode(&s, &encoded), 0);
	assert_int_equal(settings_decode(&copy, buf_view(&encoded)), 0);
	assert_int_equal(settings_encode(&copy, &again), 0);
	assert_true(view_equal(buf_view(&encoded), buf_view(&again)));
	assert_view(copy.proxy_from, "192.0.2.0/24");
	assert_int_equal(copy.quota_default, UINT64_C(5) << 30);
	/* It owns its texts. */
	settings_done(&s);
	assert_view(copy.hostname, "mx.example.test");
	/* What is cut, or too long, changes nothing. */
	for (size_t cut = 0; cut < buf_view(&encoded).len; cut++)
		assert_int_equal(settings_decode(&copy, view_take(buf_view(&encoded), cut)), -EBADMSG);
	buf_append_byte(&encoded, 0);
	assert_int_equal(settings_decode(&copy, buf_view(&encoded)), -EBADMSG);
	assert_view(copy.hostname, "mx.example.test");
	settings_done(&copy);
	buf_done(&encoded);
	buf_done(&again);
}

static void limits_of_imap_are_none_or_not_too_small(void **state)
{
	(void)state;
	good("imap_message_limit = 1000\nimap_save_limit = 0");
	assert_int_equal(s.imap_message_limit, 1000);
	bad("imap_message_limit = 999", "1000 or more");
	bad("imap_save_limit = 1", "1000 or more");
}

static void services_have_names_and_addresses(void **state)
{
	(void)state;
	for (enum service service = 0; service < SERVICES; service++) {
		assert_non_null(service_name(service));
		for (enum service other = 0; other < service; other++)
			assert_string_not_equal(service_name(service), service_name(other));
	}
	assert_view(service_addresses(&s, SERVICE_POP3S), "0.0.0.0:995\n[::]:995");
	assert_view(service_addresses(&s, SERVICE_ADMIN_AUTH), "");
	assert_true(service_has_tls(SERVICE_POP3S) && service_has_tls(SERVICE_SUBMISSIONS));
	assert_false(service_has_tls(SERVICE_SMTP) || service_has_tls(SERVICE_SUBMISSION));
}

static void zones_have_name_servers(void **state)
{
	(void)state;
	good("dns_stubs = {\"example.org 192.0.2.1\", \"Example.net.  2001:db8::1@5353\", \". "
	     "127.0.0.1@53\", \"a.b ::1 insecure\"}");
	static const char *const wrong[][2] = {{"a/b 192.0.2.1", "zone's name"}, {"192.0.2.1", "address"},
	    {"a..b 192.0.2.1", "zone's name"}, {"example.org ns.example.org", "address"},
	    {"example.org 192.0.2.1@", "address"}, {"example.org 192.0.2.1@0", "address"},
	    {"example.org 192.0.2.1@65536", "address"}, {"example.org 192.0.2.1@5@3", "address"},
	    {"example.org IPv6:::1", "address"}, {"example.org 192.0.2.1 secure", "insecure"},
	    {"example.org 192.0.2.1 insecure x", "too many"}};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char text[200];
		snprintf(text, sizeof text, "dns_stubs = {\"x.test 192.0.2.1\", \"%s\"}", wrong[i][0]);
		bad(text, wrong[i][1]);
	}
}

static void domains_have_keys_and_pictures(void **state)
{
	(void)state;
	good("dns_updates = {\"example.org 192.0.2.1@5353 /etc/key\", \"example.net ::1 /k y\"}\n"
	     "bimi = {\"example.org https://a/b.svg\", \"example.org https://a/b.svg https://a/c.pem\"}");
	static const char *const wrong[][2] = {{"dns_updates = {\"example.org 192.0.2.1\"}", "address"},
	    {"dns_updates = {\"example.org 192.0.2.1 key\"}", "absolute"},
	    {"dns_updates = {\"example.org ns.example.org /k\"}", "address"},
	    {"dns_updates = {\". 192.0.2.1 /k\"}", "zone's name"}, {"bimi = {\"example.org\"}", "URL"},
	    {"bimi = {\"a..b https://a\"}", "domain"}, {"bimi = {\"a.b http://a\"}", "URL"},
	    {"bimi = {\"a.b https://a;l=x\"}", "URL"},
	    {"bimi = {\"a.b https://a https://b c\"}", "too many"}};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		bad(wrong[i][0], wrong[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(defaults_are_within_their_ranges, start, stop),
	    cmocka_unit_test_setup_teardown(reads_every_kind, start, stop),
	    cmocka_unit_test_setup_teardown(zones_have_name_servers, start, stop),
	    cmocka_unit_test_setup_teardown(domains_have_keys_and_pictures, start, stop),
	    cmocka_unit_test_setup_teardown(refuses_what_is_out_of_range, start, stop),
	    cmocka_unit_test_setup_teardown(refuses_what_it_does_not_know, start, stop),
	    cmocka_unit_test_setup_teardown(counts_pairs_of_certificates, start, stop),
	    cmocka_unit_test_setup_teardown(names_file_and_line, start, stop),
	    cmocka_unit_test_setup_teardown(reaches_the_roles_as_it_was, start, stop),
	    cmocka_unit_test_setup_teardown(limits_of_imap_are_none_or_not_too_small, start, stop),
	    cmocka_unit_test_setup_teardown(services_have_names_and_addresses, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
