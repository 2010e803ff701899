/* Whom an account has heard from and written to: what it learns of mail, and what it says of the next. */
#include "support.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "account/correspondents.h"
#include "mime/digest.h"

enum { ONE = 1, TWO = 2 };

static uint32_t seed;

/* A message with this header, into the mailbox; its email. */
static uint64_t deliver(unsigned account, uint32_t mailbox, const char *header, bool proven)
{
	struct mime_digest *digest = mime_digest_new();
	struct message_digest known;
	mime_digest_feed(digest, view_from_string(header));
	mime_digest_feed(digest, VIEW("\r\n\r\nHello.\r\n"));
	mime_digest_end(digest, &known);
	struct account_wanted_place place = {.number = mailbox};
	struct account_target target = {.shard = test_account(account), .places = &place, .place_count = 1};
	struct account_delivery d = {
	    .targets = &target, .target_count = 1, .summary = known.summary, .author_proven = proven};
	assert_int_equal(test_delivery(&accounts, &d, ++seed, 10), 0);
	mime_digest_free(digest);
	return target.emailid;
}

static uint64_t put(unsigned account, uint32_t mailbox, const char *header)
{
	return deliver(account, mailbox, header, true);
}

/* ---- what is said ---- */

static bool done;
static int result;

static void on_done(struct account_fetch *f, int r)
{
	(void)f;
	result = r;
	done = true;
}

static void expect(unsigned account, uint64_t email, enum account_contact contact, const char *looks_like,
    const char *name_of)
{
	struct account_fetch f = {.shard = test_account(account),
	    .emailids = &email,
	    .emailid_count = 1,
	    .derived = ACCOUNT_CONTACT,
	    .done = on_done};
	done = false;
	account_fetch(&accounts, &f);
	test_wait(accounts.store, &done);
	assert_int_equal(result, 0);
	assert_int_equal(f.messages[0].result, 0);
	assert_int_equal(f.messages[0].contact, contact);
	assert_view(f.messages[0].looks_like, looks_like);
	assert_view(f.messages[0].name_of, name_of);
	account_fetch_free(&f);
}

static uint32_t role(unsigned account, enum mailbox_role role)
{
	struct entry value;
	struct account_head head;
	assert_int_equal(test_entry(test_account(account), key_letter('F'), &value), 0);
	assert_int_equal(head_decode(entry_view(&value), &head), 0);
	assert_int_not_equal(head.roles[role], 0);
	return head.roles[role];
}

static void make(unsigned account)
{
	assert_int_equal(test_create(&accounts, test_account(account), 0), 0);
}

/* ---- tests ---- */

static void the_first_message_is_told(void **state)
{
	(void)state;
	make(ONE);
	make(TWO);
	uint64_t first = put(ONE, MAILBOX_INBOX, "From: Bert <bert@a.example>");
	uint64_t second = put(ONE, MAILBOX_INBOX, "From: BERT@A.EXAMPLE");
	uint64_t other = put(ONE, MAILBOX_INBOX, "From: carol@a.example, bert@a.example");
	expect(ONE, first, ACCOUNT_CONTACT_FIRST, "", "");
	expect(ONE, second, ACCOUNT_CONTACT_KNOWN, "", "");
	expect(ONE, other, ACCOUNT_CONTACT_FIRST, "", "");
	/* Another account has not heard of him. */
	expect(TWO, put(TWO, MAILBOX_INBOX, "From: bert@a.example"), ACCOUNT_CONTACT_FIRST, "", "");
	/* Nobody's message. */
	expect(ONE, put(ONE, MAILBOX_INBOX, "Subject: x"), ACCOUNT_CONTACT_UNKNOWN, "", "");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: nobody"), ACCOUNT_CONTACT_UNKNOWN, "", "");
}

static void who_is_written_to_is_known(void **state)
{
	(void)state;
	make(ONE);
	uint64_t first = put(ONE, MAILBOX_INBOX, "From: Bert <bert@a.example>");
	put(ONE, role(ONE, MAILBOX_ROLE_SENT),
	    "From: me@here.example\r\nTo: dan@b.example, bert@a.example\r\nCc: eve@c.example");
	expect(ONE, first, ACCOUNT_CONTACT_KNOWN, "", "");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: dan@b.example"), ACCOUNT_CONTACT_KNOWN, "", "");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: eve@c.example"), ACCOUNT_CONTACT_KNOWN, "", "");
	/* From of what one sends is not heard. */
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: me@here.example"), ACCOUNT_CONTACT_FIRST, "", "");
}

static void on_first(struct account_first_contacts *f, int r)
{
	(void)f;
	result = r;
	done = true;
}

/* All first messages at once, for queries: the same as of each. */
static void first_messages_are_listed(void **state)
{
	enum { MANY = 300 };
	char from[64];
	(void)state;
	make(ONE);
	uint64_t first = put(ONE, MAILBOX_INBOX, "From: Bert <bert@a.example>");
	put(ONE, MAILBOX_INBOX, "From: bert@a.example");
	uint64_t friend = put(ONE, MAILBOX_INBOX, "From: dan@b.example");
	put(ONE, role(ONE, MAILBOX_ROLE_SENT), "From: me@here.example\r\nTo: dan@b.example");
	uint64_t last = 0;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(from, sizeof from, "From: stranger%u@c.example", i);
		last = put(ONE, MAILBOX_INBOX, from);
	}
	struct account_first_contacts f = {.shard = test_account(ONE), .done = on_first};
	done = false;
	account_first_contacts(&accounts, &f);
	test_wait(accounts.store, &done);
	assert_int_equal(result, 0);
	assert_int_equal(f.count, 1 + MANY);
	assert_int_equal(f.emailids[0], first);
	assert_int_equal(f.emailids[MANY], last);
	for (size_t i = 0; i < f.count; i++)
		assert_true(f.emailids[i] != friend && (i == 0 || f.emailids[i - 1] < f.emailids[i]));
	account_first_contacts_free(&f);
}

static void junk_and_drafts_teach_nothing(void **state)
{
	(void)state;
	make(ONE);
	expect(ONE, put(ONE, role(ONE, MAILBOX_ROLE_JUNK), "From: spam@a.example"), ACCOUNT_CONTACT_UNKNOWN,
	    "", "");
	put(ONE, role(ONE, MAILBOX_ROLE_DRAFTS), "From: me@here.example\r\nTo: x@a.example");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: spam@a.example"), ACCOUNT_CONTACT_FIRST, "", "");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: x@a.example"), ACCOUNT_CONTACT_FIRST, "", "");
}

static void names_and_look_alikes_are_found(void **state)
{
	(void)state;
	make(ONE);
	put(ONE, role(ONE, MAILBOX_ROLE_SENT), "To: \"Anna  Petrova\" <anna@example.com>");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: anna petrova <ap1@free.example>"), ACCOUNT_CONTACT_FIRST,
	    "", "anna@example.com");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: =?utf-8?q?Anna_Petrova?= <ap2@free.example>"),
	    ACCOUNT_CONTACT_FIRST, "", "anna@example.com");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: \"anna@example.com\" <ap3@free.example>"),
	    ACCOUNT_CONTACT_FIRST, "", "anna@example.com");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: anna@exarnple.com"), ACCOUNT_CONTACT_FIRST,
	    "anna@example.com", "");
	/* The domain alone. */
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: billing@exarnple.com"), ACCOUNT_CONTACT_FIRST,
	    "anna@example.com", "");
	/* Others of her domain, and she herself, are taken for nobody. */
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: Bert <bert@example.com>"), ACCOUNT_CONTACT_FIRST, "", "");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: Anna Petrova <anna@example.com>"), ACCOUNT_CONTACT_KNOWN,
	    "", "");
}

static void strangers_give_nobody_a_name(void **state)
{
	(void)state;
	make(ONE);
	/* Whoever is heard from alone is nobody whom others may be taken for. */
	put(ONE, MAILBOX_INBOX, "From: Bank <mallory@evil.example>");
	expect(
	    ONE, put(ONE, MAILBOX_INBOX, "From: Bank <service@bank.example>"), ACCOUNT_CONTACT_FIRST, "", "");
	/* One who is answered by address alone gets the name with the next message, if that is proven: others
	 * could say anything. */
	put(ONE, role(ONE, MAILBOX_ROLE_SENT), "To: service@bank.example");
	deliver(ONE, MAILBOX_INBOX, "From: Shop <service@bank.example>", false);
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: Shop <shop@shop.example>"), ACCOUNT_CONTACT_FIRST, "", "");
	put(ONE, MAILBOX_INBOX, "From: Bank <service@bank.example>");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: Bank <mallory@evil.example>"), ACCOUNT_CONTACT_KNOWN, "",
	    "service@bank.example");
}

/* "exmaple.com" is read as "example.com". */
static void swapped_letters_are_found(void **state)
{
	static const struct {
		const char *from, *looks_like;
	} cases[] = {{"a@exmaple.com", "anna@example.com"}, {"a@xeample.com", "anna@example.com"},
	    {"a@example.cmo", "anna@example.com"}, {"a@EXMAPLE.com", "anna@example.com"},
	    {"a@explame.com", ""}, {"a@exmaple.cmo", ""}, {"a@exmaple.org", ""}, {"a@exmapel.com", ""},
	    {"a@example.com", ""}};
	(void)state;
	make(ONE);
	put(ONE, role(ONE, MAILBOX_ROLE_SENT), "To: anna@example.com");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char header[100];
		snprintf(header, sizeof header, "From: %s", cases[i].from);
		uint64_t email = put(ONE, MAILBOX_INBOX, header);
		expect(ONE, email, i == 3 ? ACCOUNT_CONTACT_KNOWN : ACCOUNT_CONTACT_FIRST,
		    cases[i].looks_like, "");
	}
}

static unsigned entry_of(const char *address)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[100];
	size_t len = 0;
	uint64_t hash = 0;
	snprintf(text, sizeof text, "A%s", address);
	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), digest, &len), 1);
	for (size_t i = 0; i < 8; i++)
		hash = hash << 8 | digest[i];
	return (unsigned)(hash % ACCOUNT_PEOPLE_ENTRIES);
}

/* Addresses that are made for it fill an entry; those whom the account writes to stay, and nothing fails. */
static void a_flood_forgets_strangers_alone(void **state)
{
	unsigned target = entry_of("bert@a.example");
	uint64_t stranger = 0;
	char header[100], address[60];
	size_t count = 0;
	(void)state;
	make(ONE);
	put(ONE, role(ONE, MAILBOX_ROLE_SENT), "To: bert@a.example");
	for (unsigned i = 0; count < ACCOUNT_PEOPLE_OF_ENTRY + 5; i++) {
		snprintf(address, sizeof address, "u%u@flood.example", i);
		if (entry_of(address) != target)
			continue;
		snprintf(header, sizeof header, "From: %s", address);
		uint64_t email = put(ONE, MAILBOX_INBOX, header);
		stranger = count++ == 0 ? email : stranger;
		expect(ONE, email, ACCOUNT_CONTACT_FIRST, "", "");
	}
	expect(ONE, stranger, ACCOUNT_CONTACT_UNKNOWN, "", "");
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: bert@a.example"), ACCOUNT_CONTACT_KNOWN, "", "");
	test_accounts_restart();
	expect(ONE, put(ONE, MAILBOX_INBOX, "From: bert@a.example"), ACCOUNT_CONTACT_KNOWN, "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_message_is_told),
	    cmocka_unit_test(who_is_written_to_is_known),
	    cmocka_unit_test(first_messages_are_listed),
	    cmocka_unit_test(junk_and_drafts_teach_nothing),
	    cmocka_unit_test(names_and_look_alikes_are_found),
	    cmocka_unit_test(strangers_give_nobody_a_name),
	    cmocka_unit_test(swapped_letters_are_found),
	    cmocka_unit_test(a_flood_forgets_strangers_alone),
	};
	return test_on_both_engines("account/correspondents", tests, sizeof tests / sizeof tests[0]);
}
