/*
 * What servers and providers send, and what is made of it. The texts follow what they publish or what is seen
 * of them, with names and addresses that nobody has.
 */
#include "../unit.h"

#include <stdio.h>

#include "base/utf8.h"
#include "dsn/dsn_explain.h"

static const struct row {
	const char *reply;
	enum reply_kind kind;
} rows[] = {
    /* Exchange Online, Exchange, Outlook.com */
    {"550 5.4.1 Recipient address rejected: Access denied. AS(201806281) "
     "[AM6EUR05FT024.eop-eur05.prod.protection.example]",
        REPLY_NO_USER},
    {"550 5.4.1 [bob@remote.test]: Recipient address rejected: Access denied", REPLY_NO_USER},
    {"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient bob@remote.test not found by SMTP address lookup",
        REPLY_NO_USER},
    {"550 5.1.10 RESOLVER.ADR.RecipientNotFound", REPLY_NO_USER},
    {"550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). "
     "[DB8EUR05FT0.eop-eur05.example 2026-09-01]",
        REPLY_NO_USER},
    {"554 5.2.0 STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; Failed "
     "to process message",
        REPLY_FULL},
    {"550 5.7.13 STOREDRV.Deliver.Exception:AccountDisabledException.MapiExceptionADUserDisabledAndHidden; "
     "Failed",
        REPLY_DISABLED},
    {"432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", REPLY_RATE},
    {"421 4.3.2 The maximum number of concurrent server connections has exceeded a limit, closing "
     "transmission channel",
        REPLY_RATE},
    {"451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.",
        REPLY_RATE},
    {"451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS77712)", REPLY_BUSY},
    {"550 5.7.606 Access denied, banned sending IP [192.0.2.1].", REPLY_BLOCKED},
    {"550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.", REPLY_BLOCKED},
    {"550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service "
     "provider since part "
     "of their network is on our block list (S3140).",
        REPLY_BLOCKED},
    {"550 5.7.511 Access denied, banned sender[192.0.2.1].", REPLY_SENDER},
    {"550 5.7.509 Access denied, sending domain example.test does not pass DMARC verification and has a "
     "DMARC policy of reject.",
        REPLY_DMARC},
    {"550 5.7.515 Access denied, sending domain example.test doesn't meet the required authentication level.",
        REPLY_DMARC},
    {"550 5.7.124 Sender not in allowed-senders list", REPLY_RESTRICTED},
    {"550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction "
     "check failed",
        REPLY_RESTRICTED},
    {"550 5.7.1 RESOLVER.RST.AuthRequired; authentication required", REPLY_RESTRICTED},
    {"550 5.7.64 TenantAttribution; Relay Access Denied", REPLY_RELAY},
    {"530 5.7.57 Client was not authenticated to send anonymous mail during MAIL FROM", REPLY_LOGIN},
    {"554 5.4.14 Hop count exceeded - possible mail loop ATTR34", REPLY_LOOP},
    {"550 5.4.310 DNS domain remote.test does not exist [Message=InfoDomainNonexistent]", REPLY_DOMAIN},
    {"550 5.4.316 Message expired, connection refused(Socket error code 10061)", REPLY_EXPIRED},
    {"452 4.5.3 Too many recipients (AS780090)", REPLY_OTHER}, /* its code says it */
    {"550 5.3.4 ROUTING.SizeLimit; message size exceeds fixed maximum size for route", REPLY_OTHER},

    /* Gmail */
    {"550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 "
     "double-checking the recipient's "
     "email address\n550 5.1.1 https://support.example/mail/?p=NoSuchUser x1-20020a - gsmtp",
        REPLY_OTHER},
    {"550 5.2.1 The email account that you tried to reach is disabled. - gsmtp", REPLY_OTHER},
    {"550 The email account that you tried to reach is inactive. - gsmtp", REPLY_DISABLED},
    {"450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message "
     "at a later time.",
        REPLY_RATE},
    {"450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional "
     "messages from being "
     "delivered.",
        REPLY_RATE},
    {"421 4.7.0 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail originating from "
     "your IP address.",
        REPLY_RATE},
    {"421 4.7.0 IP not in whitelist for RCPT domain, closing connection. - gsmtp", REPLY_BLOCKED},
    {"421 4.7.0 TLS required for RCPT domain, closing connection. - gsmtp", REPLY_TLS},
    {"421 4.7.0 Try again later, closing connection. (EHLO) - gsmtp", REPLY_BUSY},
    {"550 5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited mail. To reduce "
     "the amount of spam "
     "sent to Gmail, this message has been blocked.",
        REPLY_SPAM},
    {"421 4.7.0 Our system has detected that this message is suspicious due to the very low reputation of "
     "the sending domain.",
        REPLY_BLOCKED},
    {"550 5.7.1 Unauthenticated email from example.test is not accepted due to domain's DMARC policy.",
        REPLY_DMARC},
    {"552 5.7.0 This message was blocked because its content presents a potential security issue.",
        REPLY_CONTENT},
    {"550 5.7.1 This message violates remote.test email policy. - gcdp x1 - gsmtp", REPLY_POLICY},
    {"452 4.2.2 The email account that you tried to reach is over quota.", REPLY_OTHER},
    {"550 5.7.26 This mail has been blocked because the sender is unauthenticated.", REPLY_OTHER},

    /* Yahoo */
    {"421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user "
     "complaints - 4.16.55.1; see "
     "https://postmaster.example/error-codes",
        REPLY_RATE},
    {"421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.",
        REPLY_BLOCKED},
    {"553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list",
        REPLY_BLOCKED},
    {"554 delivery error: dd This user doesn't have a remote.test account (bob@remote.test) [0] - "
     "mta1.example",
        REPLY_NO_USER},
    {"554 delivery error: dd Sorry, your message to bob@remote.test cannot be delivered. This mailbox is "
     "disabled (554.30).",
        REPLY_DISABLED},
    {"552 1 Requested mail action aborted, mailbox not found", REPLY_NO_USER},
    {"554 5.7.9 Message not accepted for policy reasons. See https://postmaster.example/error-codes",
        REPLY_POLICY},
    {"451 4.3.2 Resources temporarily not available - Please try again later", REPLY_BUSY},

    /* iCloud */
    {"550 5.1.0 unknown or illegal alias: bob@remote.test", REPLY_NO_USER},
    {"550 5.7.1 [HM08] Message rejected due to local policy. Please visit https://support.example/HT204137",
        REPLY_POLICY},
    {"550 5.7.1 Your email was rejected due to having a domain present in the Spamhaus DBL -- see "
     "https://blocklist.example/dbl/",
        REPLY_BLOCKED},
    {"554 5.7.1 Your message was rejected due to example.test's DMARC policy.", REPLY_DMARC},
    {"552 5.2.2 <bob@remote.test>: user is over quota", REPLY_OTHER},

    /* GMX, web.de */
    {"550-Requested action not taken: mailbox unavailable\n550 For explanation visit "
     "https://postmaster.example/?c=rec",
        REPLY_NO_USER},
    {"550-Requested action not taken: mailbox unavailable\n550 Reject due to SPF policy.", REPLY_DMARC},
    {"550-Requested action not taken: mailbox unavailable\n550 invalid DNS MX or A/AAAA resource record",
        REPLY_SENDER},
    {"554-Transaction failed\n554-Reject due to policy restrictions.\n554 For explanation visit "
     "https://postmaster.example/?c=hi",
        REPLY_POLICY},
    {"554-Transaction failed\n554 Unsolicited message", REPLY_SPAM},
    {"554-remote.test (mx1) Nemesis ESMTP Service not available\n554-No SMTP service\n554-IP address is "
     "block listed.",
        REPLY_BLOCKED},
    {"554-remote.test (mx1) Nemesis ESMTP Service not available\n554-No SMTP service\n554-Bad DNS PTR "
     "resource record.",
        REPLY_REVERSE_DNS},
    {"552-Requested mail action aborted: exceeded storage allocation\n552 Quota exceeded", REPLY_FULL},
    {"450 Requested mail action not taken: mailbox unavailable", REPLY_OTHER},

    /* Mimecast */
    {"550 Invalid Recipient - https://community.example/docs/DOC-1369#550 [abcDEF]", REPLY_NO_USER},
    {"451 Internal resources are temporarily unavailable - https://community.example/docs/DOC-1369#451 "
     "[abcDEF]",
        REPLY_GREYLISTED},
    {"550 csi.mimecast.example Poor Reputation Sender. - https://community.example/docs/DOC-1369#550",
        REPLY_BLOCKED},
    {"554 Email rejected due to security policies - https://community.example/docs/DOC-1369#554 [abcDEF]",
        REPLY_POLICY},
    {"550 DMARC Sender Invalid - envelope rejected", REPLY_DMARC},
    {"550 SPF Sender Invalid - envelope rejected", REPLY_DMARC},
    {"550 Rejected by header based manually Blocked Senders: 100 - "
     "https://community.example/docs/DOC-1369#550",
        REPLY_SENDER},
    {"550 Administrative prohibition - envelope blocked", REPLY_SENDER},
    {"421 Unable to process connection at this time", REPLY_BUSY},
    {"554 Host network not allowed", REPLY_BLOCKED},

    /* Proofpoint */
    {"550 5.1.0 <bob@remote.test>: Recipient unknown", REPLY_NO_USER},
    {"554 Blocked - see https://ipcheck.example/?ip=192.0.2.1", REPLY_BLOCKED},
    {"550 5.7.0 Local Policy Violation", REPLY_POLICY},
    {"451 4.7.1 Greylisting in action, please come back in 00:05:00", REPLY_GREYLISTED},

    /* Barracuda */
    {"550 permanent failure for one or more recipients (bob@remote.test:550 5.1.1 <bob@remote.test>... User "
     "unknown)",
        REPLY_NO_USER},
    {"550 permanent failure for one or more recipients (bob@remote.test:blocked)", REPLY_OTHER},
    {"554 Service unavailable; Client host [192.0.2.1] blocked using Barracuda Reputation; "
     "https://lookup.example/?ip=192.0.2.1",
        REPLY_BLOCKED},
    {"550 No such user (bob@remote.test)", REPLY_NO_USER},
    {"554 rejecting banned content", REPLY_CONTENT},
    {"450 rate control: too many connections from your host", REPLY_RATE},

    /* Cloudmark */
    {"554 ibgw.cloudfilter.example cmsmtp [192.0.2.1] is listed on Cloudmark CSI-Global. Please visit "
     "https://csi.example/reset",
        REPLY_BLOCKED},
    {"550 5.7.1 Service unavailable; client [192.0.2.1] blocked using Cloudmark Sender Intelligence (Visit "
     "https://csi.example/)",
        REPLY_BLOCKED},
    {"421 4.7.1 Intrusion prevention active for [192.0.2.1]", REPLY_BLOCKED},

    /* lists of addresses */
    {"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.blocklist.example; "
     "https://blocklist.example/q",
        REPLY_BLOCKED},
    {"553 5.3.0 flpd568 DNSBL:RBL 521< 192.0.2.1 >_is_blocked.For assistance forward this error",
        REPLY_BLOCKED},
    {"550 5.7.1 This system is configured to reject mail from 192.0.2.1 (Host blacklisted)", REPLY_BLOCKED},
    {"550 5.7.1 Client host rejected: Access denied", REPLY_BLOCKED},
    {"450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", REPLY_REVERSE_DNS},
    {"451 Bad reverse DNS.", REPLY_REVERSE_DNS},

    /* Postfix, Exim, Sendmail, qmail, others: unknown users and the rest */
    {"550 5.1.0 <bob@remote.test>: Recipient address rejected: User unknown in virtual mailbox table",
        REPLY_NO_USER},
    {"550 <bob@remote.test>: Recipient address rejected: User unknown in local recipient table",
        REPLY_NO_USER},
    {"550 Unrouteable address", REPLY_NO_USER},
    {"550 Unknown user", REPLY_NO_USER},
    {"550 sorry, no mailbox here by that name. (#5.7.17)", REPLY_NO_USER},
    {"550 User not found: bob@remote.test", REPLY_NO_USER},
    {"550 mailbox bob@remote.test does not exist", REPLY_NO_USER},
    {"550 Mailbox does not exist!", REPLY_NO_USER},
    {"550 No Such User Here\"", REPLY_NO_USER},
    {"550 Address unknown", REPLY_NO_USER},
    {"550 The user is unknown", REPLY_NO_USER},
    {"550 Addressee unknown", REPLY_NO_USER},
    {"550 non-existent user", REPLY_NO_USER},
    {"550 Unknown local-part", REPLY_NO_USER},
    {"550 Requested action not taken: mailbox not available", REPLY_NO_USER},
    {"550 The email address bob@remote.test doesn't exist", REPLY_NO_USER},
    {"550 This account no longer exists", REPLY_NO_USER},
    {"511 sorry, no mailbox here by that name", REPLY_NO_USER},
    {"550 5.2.1 mailbox unavailable", REPLY_OTHER}, /* its code says that it is switched off */
    {"450 mailbox unavailable", REPLY_OTHER},
    {"552 The user's space has been used up", REPLY_FULL},
    {"452 Mailbox size limit exceeded", REPLY_FULL},
    {"552 disk quota exceeded", REPLY_FULL},
    {"550 5.7.1 domain of alice@example.test does not designate 192.0.2.1 as permitted sender", REPLY_DMARC},
    {"554 Your IP address has been blocked", REPLY_BLOCKED},
    {"554 Blocked - see https://blocklist.example/bl?192.0.2.1", REPLY_BLOCKED},
    {"421 message rate exceeded", REPLY_RATE},
    {"550 High spam score", REPLY_SPAM},
    {"530 This server requires TLS", REPLY_TLS},
    {"550 #5.1.0 Address rejected bob@remote.test", REPLY_OTHER},
    {"553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", REPLY_RELAY},
    {"554 5.7.1 <bob@remote.test>: Relay access denied", REPLY_RELAY},
    {"550 5.7.1 Relaying denied", REPLY_RELAY},
    {"550 relay not permitted", REPLY_RELAY},
    {"450 4.2.0 <bob@remote.test>: Recipient address rejected: Greylisted, see https://greylist.example/help",
        REPLY_GREYLISTED},
    {"451 4.7.1 Greylisting in effect, please try again in 300 seconds", REPLY_GREYLISTED},
    {"450 4.7.0 Message graylisted", REPLY_GREYLISTED},
    {"452 4.3.1 Insufficient system storage", REPLY_OTHER},
    {"452 too many recipients", REPLY_TOO_MANY},
    {"552 Too many recipients", REPLY_TOO_MANY},
    {"552 Mailbox is full", REPLY_FULL},
    {"552 Message size exceeds fixed limit", REPLY_TOO_LARGE},
    {"552 Message size exceeds maximum permitted", REPLY_TOO_LARGE},
    {"550 Sender verify failed", REPLY_SENDER},
    {"553 5.1.8 <alice@example.test>: Sender address rejected: Domain not found", REPLY_OTHER},
    {"450 4.1.0 <alice@example.test>: Sender address rejected: Domain not found", REPLY_SENDER},
    {"550 5.7.1 Message rejected as spam by Content Filtering.", REPLY_SPAM},
    {"554 5.7.1 Virus found: Eicar-Test-Signature", REPLY_CONTENT},
    {"550 SPF check failed. Sender not authorized", REPLY_DMARC},
    {"530 5.7.0 Must issue a STARTTLS command first", REPLY_TLS},
    {"554 5.4.7 [internal] exceeded max time without delivery", REPLY_EXPIRED},

    /* what is no refusal, or says nothing */
    {"250 2.1.5 user unknown but taken", REPLY_OTHER},
    {"user unknown", REPLY_OTHER},
    {"550", REPLY_OTHER},
    {"550 No", REPLY_OTHER},
    {"", REPLY_OTHER},
};

static void replies_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (reply_kind(view_from_string(rows[i].reply)) != rows[i].kind)
			print_message("%s\n", rows[i].reply);
		assert_int_equal(reply_kind(view_from_string(rows[i].reply)), rows[i].kind);
	}
}

static void names_do_not_count(void **state)
{
	(void)state;
	static const char *const replies[] = {"550 5.7.1 <greylist@user-unknown.spamhaus.test>: no",
	    "550 <\"user unknown\"@remote.test> no", "550 \"mailbox full\"@remote.test no",
	    "550 no, see https://dmarc.example/virus", "550 no (mailbox-full.example)",
	    "450 4.7.1 greylist.example says no", "550 5.7.1 no: dkim@blacklist.test",
	    "550 no http://greylist"};
	for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
		assert_int_equal(reply_kind(view_from_string(replies[i])), REPLY_OTHER);
	/* What somebody is called does not hide what is said of him. */
	assert_int_equal(reply_kind(VIEW("550 <virus@dmarc.test>: user unknown")), REPLY_NO_USER);
	assert_int_equal(reply_kind(VIEW("550 No such user virus")), REPLY_NO_USER);
}

static void long_replies_are_cut(void **state)
{
	(void)state;
	static char text[100000];
	memset(text, 'x', sizeof text);
	memcpy(text, "550 ", 4);
	assert_int_equal(reply_kind(view_of(text, sizeof text)), REPLY_OTHER);
	for (size_t i = 4; i < sizeof text; i += 2)
		text[i] = ' ';
	assert_int_equal(reply_kind(view_of(text, sizeof text)), REPLY_OTHER);
	memset(text + 4, '<', sizeof text - 4);
	assert_int_equal(reply_kind(view_of(text, sizeof text)), REPLY_OTHER);
	memset(text + 4, '\xff', sizeof text - 4);
	assert_int_equal(reply_kind(view_of(text, sizeof text)), REPLY_OTHER);
}

/* A row that another one hides, or that no reply can meet, is of no use. */
static void rows_can_be_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < reply_words_count; i++) {
		const struct reply_words *row = &reply_words[i];
		char reply[200];
		snprintf(reply, sizeof reply, "%c50 %s", row->class == 'x' ? '4' : row->class, row->phrase);
		enum reply_kind kind = reply_kind(view_from_string(reply));
		if (kind != row->kind)
			print_message("%s\n", row->phrase);
		assert_int_equal(kind, row->kind);
		assert_int_not_equal(row->kind, REPLY_OTHER);
	}
}

/* The large providers' most frequent replies, as a sender reads them. */
static void the_frequent_ones_in_words(void **state)
{
	(void)state;
	static const struct {
		const char *reply, *stage, *meaning;
	} table[] = {
	    {"550 5.4.1 Recipient address rejected: Access denied", "RCPT",
	        "This address does not exist there."},
	    {"550 5.1.10 RESOLVER.ADR.RecipientNotFound", "RCPT", "This address does not exist there."},
	    {"550 5.4.1 no", "RCPT", "This address does not exist there."},
	    {"550 5.1.1 The email account that you tried to reach does not exist.", "RCPT",
	        "This address does not exist there."},
	    {"550 Unknown user", "RCPT", "This address does not exist there."},
	    {"550 5.1.1 unknown", "MAIL", "Your own address was not accepted as the sender."},
	    {"452 4.2.2 The email account that you tried to reach is over quota.", "RCPT",
	        "The recipient's mailbox is full."},
	    {"451 4.4.1 No answer from host", "end of data",
	        "The recipient's mail server could not reach the next mail server behind it."},
	    {"421 4.4.2 timeout", "DATA",
	        "The recipient's mail server ended the conversation before the message was through."},
	    {"450 4.1.1 <bob@remote.test>: Recipient address rejected: unverified address", "RCPT",
	        "The recipient's mail server is not sure at the moment whether this address exists."},
	    {"554 5.0.0 no", "greeting", "The recipient's mail server refuses to talk to this mail server."},
	    {"554 5.7.1 go away", "EHLO", "The recipient's mail server refuses to talk to this mail server."},
	    {"554 5.7.25 no", "greeting",
	        "The recipient's mail server does not trust this mail server's address."},
	    {"550 5.2.1 disabled", "RCPT", "The mailbox is switched off and accepts no messages."},
	    {"550 no", "MAIL", "Your own address was not accepted as the sender."},
	    {"550 no", "end of data", "The recipient's mail server refuses this message."},
	    {"550 no", "RCPT",
	        "The address does not exist there, or its mail server does not accept this message."},
	    {"550 5.3.4 too large", "MAIL",
	        "The message is larger than the recipient's mail server accepts."},
	    {"556 5.1.10 Recipient address has null MX", "RCPT",
	        "The mail server there says that it does not accept mail for this domain."},
	    {"550 5.7.26 This mail has been blocked because the sender is unauthenticated.", "end of data",
	        "The recipient's mail server could not verify that the message comes from your domain."},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		assert_string_equal(
		    dsn_explain(&(struct dsn_outcome){.words = view_from_string(table[i].reply),
		                    .stage = view_from_string(table[i].stage)})
		        .meaning,
		    table[i].meaning);
}

static void reads_codes(void **state)
{
	(void)state;
	assert_int_equal(reply_code(VIEW("550 5.1.1 x")), 550);
	assert_int_equal(reply_code(VIEW("550-a\n550 b")), 550);
	assert_int_equal(reply_code(VIEW("421")), 421);
	static const char *const none[] = {"", "5", "55", "5501", "99 ", "x50 a", "600 a", "199 a", "550x"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_int_equal(reply_code(view_from_string(none[i])), 0);
	assert_view(reply_status(VIEW("550 5.1.1 x")), "5.1.1");
	assert_view(reply_status(VIEW("550-5.7.26 x\n550 5.7.26 y")), "5.7.26");
	assert_view(reply_status(VIEW("421 4.7.0")), "4.7.0");
	static const char *const without[] = {"550", "550 ", "550 5", "550 5.1", "550 5.1.", "550 5.1.x",
	    "550 3.1.1 x", "550 5.1111.1 x", "550 5.1.1x", "550 No", "x 5.1.1", "550 5.1.1.1 x"};
	for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
		assert_int_equal(reply_status(view_from_string(without[i])).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_are_known),
	    cmocka_unit_test(names_do_not_count),
	    cmocka_unit_test(long_replies_are_cut),
	    cmocka_unit_test(rows_can_be_met),
	    cmocka_unit_test(the_frequent_ones_in_words),
	    cmocka_unit_test(reads_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
