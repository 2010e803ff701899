/*
 * The sentences. Who writes one: the sender has never heard of SMTP; the administrator has, and wants to know
 * where to look. Nothing is promised here that depends on the message (that it will be tried again, until
 * when): who prints a sentence knows that and says it.
 */
#include "dsn/dsn_explain.h"

#include <string.h>

#include "dsn/dsn_reply.h"

#define NOTHING_HERE "Nothing is wrong on this server; the other side has to act."
#define ASK_ANOTHER "Ask the recipient for another address, or reach them in another way."
#define TRY_LATER "Send the message again later; if it fails again, reach the recipient in another way."
#define CHECK_ADDRESS "Check the address for a typing error and send the message again."

/* What several codes and wordings mean. */
#define NO_USER_THERE                                                                                        \
	{                                                                                                    \
		"This address does not exist there.", CHECK_ADDRESS,                                         \
		    "The recipient's server knows no such mailbox; only the sender can correct the address." \
	}
#define FULL_THERE                                                                                           \
	{                                                                                                    \
		"The recipient's mailbox is full.",                                                          \
		    "Send the message again later, or reach the recipient in another way.", NOTHING_HERE     \
	}
#define TOO_LARGE_THERE                                                                                      \
	{                                                                                                    \
		"The message is larger than the recipient's mail server accepts.",                           \
		    "Make the attachments smaller, or send a link to them instead.", NOTHING_HERE            \
	}
#define TOO_MANY_THERE                                                                                       \
	{                                                                                                    \
		"The message has more recipients than the next mail server accepts at once.",                \
		    "Send the message to fewer recipients at a time.", NOTHING_HERE                          \
	}
#define LOOP_THERE                                                                                           \
	{                                                                                                    \
		"The message went in a circle between mail servers and was stopped.",                        \
		    "Tell the recipient or your administrator that forwarding is set up wrongly.",           \
		    "An alias, a forward or an MX record leads back to where the message has been."          \
	}
#define LOGIN_THERE                                                                                          \
	{                                                                                                    \
		"Outgoing mail is stuck: the server that it has to pass through refuses this server's "      \
		"login.",                                                                                    \
		    "Tell your administrator.",                                                              \
		    "The smart host refuses user name or password: correct them in the configuration and "   \
		    "reload."                                                                                \
	}
#define SAYS_NO_DOMAIN                                                                                       \
	{                                                                                                    \
		"The recipient's mail server does not know the domain of this address.", CHECK_ADDRESS,      \
		    "That host does not accept mail for this domain: check the domain's MX records, and "    \
		    "the routes in the configuration."                                                       \
	}
#define NOTHING_BEHIND                                                                                       \
	{                                                                                                    \
		"The recipient's mail server could not reach the next mail server behind it.", TRY_LATER,    \
		    NOTHING_HERE                                                                             \
	}
#define EXPIRED_THERE                                                                                        \
	{                                                                                                    \
		"The recipient's mail server tried to pass the message on, and gave up after some time.",    \
		    TRY_LATER, NOTHING_HERE                                                                  \
	}

/* ---- troubles ---- */

/* Both classes of one code (RFC 3463 section 2). */
#define STATUS(subject_detail) "4." subject_detail, "5." subject_detail

static const struct {
	const char *phrase, *temporary, *permanent;
	struct explanation text;
} troubles[TROUBLE_KINDS] = {
    [TROUBLE_NONE] = {"", STATUS("0.0"), {NULL, NULL, NULL}},
    [TROUBLE_NO_DOMAIN] = {"no such domain", STATUS("1.2"),
        {"The domain of this address, the part after the @, does not exist.", CHECK_ADDRESS,
            "If the domain does exist, check the name server that this server asks (setting dns_server)."}},
    [TROUBLE_NO_HOST] = {"no host accepts mail for this domain", STATUS("4.4"),
        {"The domain of this address exists, but it has no mail server.",
            "Check the address for a typing error, or ask the recipient for another one.",
            "The domain has neither MX nor address records that can be used; only its owner can add them."}},
    [TROUBLE_NULL_MX] = {"the domain accepts no mail", STATUS("1.10"),
        {"The domain of this address has declared that it never accepts mail.",
            "Check the address for a typing error, or ask the recipient for another one.",
            "The domain publishes a null MX (RFC 7505); nothing can be done here."}},
    [TROUBLE_DNS] = {"names cannot be looked up", STATUS("4.3"),
        {"This server could not find out which server accepts mail for this address.", TRY_LATER,
            "Check whether the name servers of that domain answer, and whether this server's own do "
            "(setting dns_server)."}},
    [TROUBLE_REFUSED] = {"connection refused", STATUS("4.1"),
        {"The recipient's mail server is switched off or accepts no connections.", TRY_LATER,
            "Nobody listens at that host and port; if other hosts refuse too, look for a firewall on the "
            "way."}},
    [TROUBLE_TIMED_OUT] = {"timed out", STATUS("4.1"),
        {"The recipient's mail server does not answer.", TRY_LATER,
            "If many hosts do not answer, outgoing connections to port 25 may be blocked here; check with "
            "`postrider queue stats`, and ask your provider."}},
    [TROUBLE_UNREACHABLE] = {"host unreachable", STATUS("4.1"),
        {"The recipient's mail server cannot be reached over the network.", TRY_LATER,
            "If this concerns many hosts, check the network of this server, IPv6 as well as IPv4."}},
    [TROUBLE_LOST] = {"connection lost", STATUS("4.2"),
        {"The connection to the recipient's mail server broke off before the message was through.", TRY_LATER,
            "If it always breaks at the same step, that host, or a firewall in front of it, refuses without "
            "a reply."}},
    [TROUBLE_PROTOCOL] = {"not a mail server", STATUS("5.0"),
        {"The recipient's mail server does not behave like a mail server.", TRY_LATER,
            "Check the MX records of the domain and, if there is one, the route to it."}},
    [TROUBLE_TLS_MISSING] = {"encryption not offered", STATUS("7.4"),
        {"This message may only travel encrypted, and the recipient's mail server offers no encryption.",
            "Ask the recipient to tell the administrator of their mail server.",
            "DANE, MTA-STS or a setting demands TLS for this domain, and the host offers no STARTTLS: either "
            "its administrator has to correct that, or somebody on the way removes the offer."}},
    [TROUBLE_TLS_FAILED] = {"encryption failed", STATUS("7.5"),
        {"An encrypted connection to the recipient's mail server could not be made.",
            "Ask the recipient to tell the administrator of their mail server.",
            "The TLS handshake fails; try it with `openssl s_client -starttls smtp -connect HOST:25`."}},
    [TROUBLE_TLS_UNTRUSTED] = {"certificate not trusted", STATUS("7.5"),
        {"The recipient's mail server could not prove that it is the right one.",
            "Ask the recipient to tell the administrator of their mail server.",
            "Its certificate is not what DANE, MTA-STS or a setting demands: either it was renewed without "
            "its DNS record, or somebody is intercepting the connection; do not override this lightly."}},
    [TROUBLE_REQUIRETLS] = {"REQUIRETLS not possible there", STATUS("7.30"),
        {"You asked for encryption all the way, and the recipient's mail server cannot promise that.",
            "Send the message without that demand if its content allows it.", NOTHING_HERE}},
    [TROUBLE_AUTH] = {"login refused", STATUS("7.8"),
        {"Outgoing mail is stuck: the server that it has to pass through refuses this server's login.",
            "Tell your administrator.",
            "The smart host refuses the user name or the password: correct them in the configuration and "
            "reload."}},
    [TROUBLE_NO_SMTPUTF8] = {"SMTPUTF8 not known there", STATUS("6.7"),
        {"The recipient's mail server cannot handle addresses or headers with letters other than a to z.",
            "Use addresses that consist of plain letters, for yourself and all recipients, if they exist.",
            NOTHING_HERE}},
    [TROUBLE_CONVERSION] = {"message cannot be converted", STATUS("6.3"),
        {"The recipient's mail server is old and cannot take the message in this form.",
            "Send the text without attachments, or the attachments packed into a zip file.", NOTHING_HERE}},
    [TROUBLE_TOO_LARGE] = {"message too large", STATUS("3.4"),
        {"The message is larger than the recipient's mail server accepts.",
            "Make the attachments smaller, or send a link to them instead.", NOTHING_HERE}},
    [TROUBLE_EXPIRED] = {"time is over", "4.4.7", "4.4.7",
        {"The message could not be delivered in the time that a message may wait.", TRY_LATER,
            "The destination's last error says why; `postrider trace` shows every attempt."}},
    [TROUBLE_DEADLINE] = {"deadline passed", STATUS("4.7"),
        {"The message could not be delivered by the time that was asked for.",
            "Send the message again with more time, if it still matters.",
            "The sender had set this deadline (DELIVERBY)."}},
    [TROUBLE_LOOP] = {"mail loop", STATUS("4.6"),
        {"The message went in a circle between mail servers and was stopped.",
            "Tell the recipient or your administrator that forwarding is set up wrongly.",
            "Look at the Received fields of the returned message: an alias, a forward or an MX record leads "
            "back here."}},
    [TROUBLE_HELD] = {"held", STATUS("7.0"),
        {"The message is being held for review.", "Ask the administrator of your mail server.",
            "See `postrider queue show` for who holds it and why; `postrider queue release` lets it go."}},
    [TROUBLE_DELETED] = {"deleted by the administrator", STATUS("7.1"),
        {"An administrator removed the message from the outgoing mail.",
            "Ask the administrator of your mail server.",
            "See `postrider trace` for who deleted it and why."}},
    [TROUBLE_RATE] = {"a limit of this server", STATUS("7.0"),
        {"This mail server sends only so much at a time, and the message has to wait for its turn.",
            "Nothing needs to be done.",
            "If it is too slow, raise sender_domain_rate, destination_rate or destination_connections."}},
    [TROUBLE_LOCAL] = {"trouble on this server", STATUS("3.0"),
        {"This mail server has a problem of its own.", "Tell your administrator.",
            "Look into this server's log; `postrider doctor` tests it."}},
    [TROUBLE_MAILBOX_FULL] = {"mailbox full", STATUS("2.2"),
        {"The recipient's mailbox is full.",
            "Send the message again later, or reach the recipient in another way.",
            "Give the account a larger quota with `postrider account quota`."}},
    [TROUBLE_MAILBOX_SMALL] = {"message larger than the mailbox", STATUS("2.3"),
        {"The message is larger than the recipient's whole mailbox may be.",
            "Make the attachments smaller, or send a link to them instead.",
            "Give the account a larger quota with `postrider account quota`."}},
    [TROUBLE_MAILBOX_GONE] = {"mailbox removed", STATUS("1.1"),
        {"The recipient's mailbox does not exist any more.", ASK_ANOTHER,
            "The account was removed or disabled while the message waited."}},
    [TROUBLE_NO_DELIVERBY] = {"deadline not promised there", STATUS("4.7"),
        {"The recipient's mail server does not promise to deliver in the time that you allowed.",
            "Send the message again with more time, or without a deadline.",
            "The sender asked for DELIVERBY with return (RFC 2852); the next host does not offer it, or not "
            "in so short a time."}},
    [TROUBLE_UNWRITABLE] = {"characters that SMTP cannot carry", STATUS("6.7"),
        {"An address of this message has characters that cannot be passed on to another mail server.",
            CHECK_ADDRESS,
            "An address or a parameter contains characters that no SMTP command may contain."}},
    [TROUBLE_SILENT] = {"no further answer", STATUS("4.2"),
        {"The recipient's mail server stopped answering before the message was through.", TRY_LATER,
            "If it always stops at the same step, that host, or a firewall in front of it, holds the "
            "connection up."}},
    [TROUBLE_SLOW] = {"host too slow", STATUS("4.2"),
        {"The recipient's mail server accepted the message so slowly that this server ended the attempt.",
            TRY_LATER,
            "It accepted less than data_rate_min, or other mail was waiting for the connection: that host, "
            "or the network on the way to it, is overloaded."}},
    [TROUBLE_RULES] = {"refused by the recipient", STATUS("7.1"),
        {"The recipient has set up a rule that refuses this message.",
            "Sending it again does not help. Ask the recipient in another way.",
            "See `postrider rule list` for the recipient's scripts."}},
    [TROUBLE_NO_MAILBOX] = {"no such mailbox here", STATUS("1.1"),
        {"The recipient's address does not exist on this server.", CHECK_ADDRESS,
            "No account, alias or catch-all takes mail for it, or it is disabled: see `postrider account "
            "list` "
            "and `postrider alias list`."}},
    [TROUBLE_SENDER] = {"not the sender's own address", STATUS("7.1"),
        {"The address that this message was to be sent from is not, or no longer, one of yours.",
            "Choose another identity in your mail program, and send the message again.",
            "Mail for the address in the envelope, or in From, does not reach the account that sent it."}},
    [TROUBLE_MESSAGE] = {"not a message that can be sent", STATUS("6.0"),
        {"This message cannot be sent as it is.", "Write it anew in your mail program, and send that.",
            "Its header is too large, it has lines that do not end in CR LF or hold NUL, it is larger than "
            "message_size_max, or it has passed through too many servers."}},
};

const char *trouble_phrase(enum trouble trouble)
{
	return troubles[trouble].phrase;
}

enum trouble trouble_from_text(struct view text)
{
	for (unsigned i = TROUBLE_NONE + 1; i < TROUBLE_KINDS; i++) {
		struct view phrase = view_from_string(troubles[i].phrase);
		if (view_starts(text, phrase) && (text.len == phrase.len || text.data[phrase.len] == ':'))
			return (enum trouble)i;
	}
	return TROUBLE_NONE;
}

enum trouble trouble_from_number(uint64_t number)
{
	return number < TROUBLE_KINDS ? (enum trouble)number : TROUBLE_LOCAL;
}

bool trouble_met_host(enum trouble cause, struct view stage)
{
	if (cause == TROUBLE_NONE)
		return true;
	return cause != TROUBLE_TIMED_OUT && stage.len > 0 && !view_equal(stage, VIEW("connect"));
}

const char *trouble_status(enum trouble trouble, bool permanent)
{
	return permanent ? troubles[trouble].permanent : troubles[trouble].temporary;
}

/* ---- enhanced status codes: RFC 3463 and IANA's registry ---- */

/* A code ends in "." where the whole subject has one sentence; the first that fits counts. */
struct status_text {
	const char *code; /* class "x": either */
	struct explanation text;
};

static const struct status_text statuses[] = {
    {"4.1.1", {"The recipient's mail server is not sure at the moment whether this address exists.",
                  TRY_LATER, NOTHING_HERE}},
    {"x.1.1", NO_USER_THERE},
    {"x.1.2", {"The domain of this address cannot receive mail.", CHECK_ADDRESS, NOTHING_HERE}},
    {"x.1.3", {"The address is not written as an address must be.", CHECK_ADDRESS, NOTHING_HERE}},
    {"x.1.4", {"The address fits more than one mailbox there.",
                  "Ask the recipient for their exact address and send the message again.", NOTHING_HERE}},
    {"x.1.6", {"The recipient has moved and left no new address.", ASK_ANOTHER, NOTHING_HERE}},
    {"x.1.7", {"Your own address was not accepted as the sender.",
                  "Check the sender's address in your mail program.",
                  "The recipient's server refuses the form of the sender's address."}},
    {"x.1.8",
        {"Your own domain could not be found by the recipient's mail server.", "Tell your administrator.",
            "Check the DNS records (MX, A, AAAA) of the sender's domain from outside."}},
    {"x.1.9", {"The message was handed to an older mail system there.", TRY_LATER, NOTHING_HERE}},
    {"x.1.10", {"The domain of this address has declared that it never accepts mail.",
                   "Check the address for a typing error, or ask the recipient for another one.",
                   "The domain publishes a null MX (RFC 7505); nothing can be done here."}},
    {"x.2.1", {"The mailbox is switched off and accepts no messages.", ASK_ANOTHER, NOTHING_HERE}},
    {"x.2.2", FULL_THERE},
    {"x.2.3", {"The message is larger than this mailbox accepts.",
                  "Make the attachments smaller, or send a link to them instead.", NOTHING_HERE}},
    {"x.2.4", {"The address is a mailing list, and the list could not be used.",
                  "Tell the owner of the mailing list.", NOTHING_HERE}},
    {"x.3.1", {"The recipient's mail server has no room for further mail.", TRY_LATER, NOTHING_HERE}},
    {"x.3.2", {"The recipient's mail server is not accepting mail at the moment.", TRY_LATER, NOTHING_HERE}},
    {"x.3.4", TOO_LARGE_THERE},
    {"x.3.5", {"The mail server of this address is set up wrongly.", ASK_ANOTHER,
                  "Check the MX records of the domain: that host does not know that it should accept the "
                  "domain's mail."}},
    {"x.3.", {"The recipient's mail server has a problem of its own.", TRY_LATER, NOTHING_HERE}},
    {"x.4.1", {"The recipient's mail server does not answer.", TRY_LATER,
                  "If many hosts do not answer, outgoing connections to port 25 may be blocked here."}},
    {"x.4.2",
        {"The connection to the recipient's mail server broke off before the message was through.", TRY_LATER,
            "If it always breaks at the same step, that host, or a firewall in front of it, refuses without "
            "a reply."}},
    {"x.4.3", {"This server could not find out which server accepts mail for this address.", TRY_LATER,
                  "Check whether the name servers of that domain answer, and whether this server's own do "
                  "(setting dns_server)."}},
    {"x.4.4", {"This server found no way to a mail server for this address.",
                  "Check the address for a typing error, or ask the recipient for another one.",
                  "Check the MX records of the domain, and the routes in the configuration."}},
    {"x.4.5", {"The recipient's mail server has too much to do.", TRY_LATER, NOTHING_HERE}},
    {"x.4.6", {"The message went in a circle between mail servers and was stopped.",
                  "Tell the recipient or your administrator that forwarding is set up wrongly.",
                  "An alias, a forward or an MX record leads back to where the message has been."}},
    {"x.4.7", {"The message could not be delivered in the time that a message may wait.", TRY_LATER,
                  "The destination's last error says why; `postrider trace` shows every attempt."}},
    {"x.4.", {"The message did not get through to the recipient's mail server.", TRY_LATER, NOTHING_HERE}},
    {"x.5.3", TOO_MANY_THERE},
    {"x.5.6", {"The next mail server did not accept the form of the login.", "Tell your administrator.",
                  "Check the login to the smart host in the configuration."}},
    {"x.5.", {"The recipient's mail server did not understand this one.", TRY_LATER,
                 "The reply says which command it did not understand; a firewall that rewrites mail can be "
                 "the cause."}},
    {"x.6.2", {"The message would have to be converted on its way, and must not be.",
                  "Send the message in another form, as plain text for example.", NOTHING_HERE}},
    {"x.6.7",
        {"The recipient's mail server cannot handle addresses or headers with letters other than a to z.",
            "Use addresses that consist of plain letters, for yourself and all recipients, if they exist.",
            NOTHING_HERE}},
    {"x.6.8",
        {"The recipient's mail server cannot handle addresses or headers with letters other than a to z.",
            "Use addresses that consist of plain letters, for yourself and all recipients, if they exist.",
            NOTHING_HERE}},
    {"x.6.", {"The recipient's mail server does not accept messages of this kind.",
                 "Send the text without attachments, or in another form.", NOTHING_HERE}},
    {"4.7.1", {"The recipient's mail server does not accept the message yet.", TRY_LATER,
                  "Many servers defer the first mail from an unknown sender (greylisting); the next attempt "
                  "usually succeeds."}},
    {"5.7.1",
        {"The recipient's mail server refuses this message by a rule of its own.",
            "Its answer may say which rule; ask the recipient to speak to their administrator.",
            "Read the reply: often it is the reputation of this server's address or a missing SPF, DKIM or "
            "reverse DNS record."}},
    {"x.7.2", {"You may not write to this mailing list.", "Ask the owner of the mailing list to let you in.",
                  NOTHING_HERE}},
    {"x.7.4", {"This message needs a protection that the recipient's mail server does not offer.",
                  "Ask the recipient to tell the administrator of their mail server.",
                  "TLS is demanded for this domain and the host does not offer it."}},
    {"x.7.5", {"A protected connection to the recipient's mail server could not be made.",
                  "Ask the recipient to tell the administrator of their mail server.",
                  "The TLS handshake fails, or the certificate is not the expected one."}},
    {"x.7.8", {"Outgoing mail is stuck: the server that it has to pass through refuses this server's login.",
                  "Tell your administrator.",
                  "The smart host refuses the user name or the password: correct them in the configuration "
                  "and reload."}},
    {"x.7.10",
        {"The recipient's mail server accepts mail over encrypted connections only.",
            "Tell your administrator.", "The next host demands TLS: find out why there was no handshake."}},
    {"x.7.16", {"The next mail server defers messages of this priority.", TRY_LATER,
                   "It accepts only messages of higher priority at the moment (MT-PRIORITY)."}},
    {"x.7.20", {"The recipient's mail server demands a valid signature of the message's domain, and the "
                "message has none.",
                   "Tell your administrator.", "The next host demands a valid DKIM signature."}},
    {"x.7.23",
        {"The recipient's mail server was told that this server may not send mail for your domain.",
            "Tell your administrator.", "The SPF record of the sender's domain does not name this server."}},
    {"x.7.25",
        {"The recipient's mail server does not trust this mail server's address.", "Tell your administrator.",
            "The reverse DNS record of this server's address is missing or does not lead back to it."}},
    {"x.7.26",
        {"The recipient's mail server could not verify that the message comes from your domain.",
            "Tell your administrator.", "Neither SPF nor DKIM passed: check both records of the domain."}},
    {"x.7.27", {"Your own domain has declared that it never accepts mail, so nobody could answer you.",
                   "Tell your administrator.", "The sender's domain publishes a null MX."}},
    {"x.7.28", {"The recipient's mail server has received too much mail at once.", TRY_LATER,
                   "It limits the rate: send fewer messages at a time to this destination."}},
    {"x.7.30", {"You asked for encryption all the way, and the recipient's mail server cannot promise that.",
                   "Send the message without that demand if its content allows it.", NOTHING_HERE}},
    {"x.7.", {"The recipient's mail server refuses this message for reasons of security.",
                 "Its answer may say more; ask the recipient to speak to their administrator.",
                 "Read the reply: it may concern this server's address, its reputation, or the message's "
                 "content."}},
    {"2.", {"Everything is well.", "Nothing needs to be done.", "Nothing needs to be done."}},
};

/*
 * What the same codes mean when a host says them itself. One that answers is not one that does not answer,
 * and its domain takes mail; what it could not reach or find lies behind it.
 */
static const struct status_text said_statuses[] = {
    {"x.1.2", SAYS_NO_DOMAIN},
    {"x.1.10", NO_USER_THERE}, /* Exchange Online */
    {"5.4.1", NO_USER_THERE},  /* Exchange Online */
    {"4.4.1", NOTHING_BEHIND},
    {"x.4.2",
        {"The recipient's mail server ended the conversation before the message was through.", TRY_LATER,
            "Its reply says why; if it always breaks off at the same step, it objects to something there."}},
    {"x.4.3", {"The recipient's mail server could not find out where mail for this address goes.", TRY_LATER,
                  NOTHING_HERE}},
    {"x.4.4", {"The recipient's mail server does not know where mail for this address goes.",
                  "Check the address for a typing error, or ask the recipient for another one.",
                  "That host does not know where to send this mail: it may be the wrong one (MX records, "
                  "routes), or set up wrongly."}},
    {"x.4.5", {"The recipient's mail server has too much to do.", TRY_LATER, NOTHING_HERE}},
    {"x.4.6", LOOP_THERE},
    {"x.4.7", EXPIRED_THERE},
    {"x.4.", {"The recipient's mail server could not pass the message on.", TRY_LATER, NOTHING_HERE}},
    {"x.7.4", {"The recipient's mail server demands a protection that this message does not have.",
                  "Tell your administrator.", "Read the reply: it says what the next host demands."}},
    {"x.7.5", {"The recipient's mail server could not verify something that protects the message.",
                  "Tell your administrator.", "Read the reply: it says what could not be verified."}},
    {"x.7.30", {"You asked for encryption all the way, and the recipient's mail server cannot promise it for "
                "the rest of the way.",
                   "Send the message without that demand if its content allows it.", NOTHING_HERE}},
};

static bool status_fits(const char *code, struct view status)
{
	struct view c = view_from_string(code);
	if (status.len == 0 || (c.data[0] != 'x' && c.data[0] != status.data[0]))
		return false;
	bool subject = c.data[c.len - 1] == '.';
	c = view_skip(c, 1);
	status = view_skip(status, 1);
	return subject ? view_starts(status, c) : view_equal(status, c);
}

/* ---- replies without an enhanced code: RFC 5321 section 4.2.3 ---- */

static const struct {
	unsigned code;
	struct explanation text;
} replies[] = {
    {421, {"The recipient's mail server is not accepting mail at the moment.", TRY_LATER, NOTHING_HERE}},
    {450, {"The recipient's mail server cannot accept mail for this address at the moment.", TRY_LATER,
              "Many servers defer the first mail from an unknown sender (greylisting); the next attempt "
              "usually succeeds."}},
    {451, {"The recipient's mail server has a problem of its own.", TRY_LATER, NOTHING_HERE}},
    {452, {"The recipient's mail server has no room for further mail.", TRY_LATER, NOTHING_HERE}},
    {530, {"The next mail server demands encryption or a login before it accepts mail.",
              "Tell your administrator.", "It demands TLS or a login: set up a route for this destination."}},
    {535, {"Outgoing mail is stuck: the server that it has to pass through refuses this server's login.",
              "Tell your administrator.",
              "The smart host refuses the user name or the password: correct them in the configuration and "
              "reload."}},
    {550, {"The address does not exist there, or its mail server does not accept this message.",
              "Read its answer, check the address for a typing error, and send the message again.",
              NOTHING_HERE}},
    {551, {"The recipient is not at this address.", ASK_ANOTHER, NOTHING_HERE}},
    {552, {"The mailbox is full, or the message is larger than the mailbox accepts.",
              "Send a smaller message, or try again later.", NOTHING_HERE}},
    {553, {"The address is not accepted there.", CHECK_ADDRESS, NOTHING_HERE}},
    {554, {"The recipient's mail server refuses this message.",
              "Its answer may say why; ask the recipient to speak to their administrator.",
              "Read the reply: it may concern this server's address, its reputation, or the message's "
              "content."}},
    {556, {"The mail server there says that it does not accept mail for this domain.", CHECK_ADDRESS,
              "If the domain's MX records or a route lead to the wrong host, correct that."}},
};

static struct explanation by_class(char class)
{
	if (class == '2')
		return (struct explanation){
		    "Everything is well.", "Nothing needs to be done.", "Nothing needs to be done."};
	if (class == '4')
		return (struct explanation){
		    "The recipient's mail server cannot accept the message at the moment.", TRY_LATER,
		    NOTHING_HERE};
	if (class == '5')
		return (struct explanation){"The recipient's mail server refuses this message.",
		    "Its answer may say why; check the address and ask the recipient.",
		    "Read the reply: the other side says no more than that."};
	return (struct explanation){"What happened is not known.",
	    "Ask the administrator of your mail server.", "See `postrider trace` for what was recorded."};
}

/* ---- what a host says, where its words are known: dsn_reply.h ---- */

static const struct explanation kinds[REPLY_KINDS] = {
    [REPLY_NO_USER] = NO_USER_THERE,
    [REPLY_DISABLED] = {"The mailbox is switched off and accepts no messages.", ASK_ANOTHER, NOTHING_HERE},
    [REPLY_FULL] = FULL_THERE,
    [REPLY_TOO_LARGE] = TOO_LARGE_THERE,
    [REPLY_TOO_MANY] = TOO_MANY_THERE,
    [REPLY_RESTRICTED] =
        {"The recipient accepts messages from chosen senders only, and you are not among them.",
            "Reach the recipient in another way, and ask to be let in.", NOTHING_HERE},
    [REPLY_GREYLISTED] =
        {"The recipient's mail server defers the first message from a sender that it does not know yet.",
            TRY_LATER, "Greylisting: the next attempt usually succeeds."},
    [REPLY_RATE] = {"The recipient's mail server has received too much mail at once.", TRY_LATER,
        "It limits the rate: send fewer messages at a time to this destination (settings destination_rate "
        "and destination_connections)."},
    [REPLY_BUSY] = {"The recipient's mail server cannot accept the message at the moment.", TRY_LATER,
        NOTHING_HERE},
    [REPLY_BLOCKED] = {"The recipient's mail server does not trust this mail server, whose address is on a "
                       "list or has a bad name.",
        "Tell your administrator.",
        "Read the reply: it names the list or the provider, and often a page where this server's address can "
        "be taken off."},
    [REPLY_SPAM] = {"The recipient's mail server considers this message unwanted mail.",
        "Rewrite the message, without links, or ask the recipient to expect it.",
        "Read the reply; if this happens to many messages, check whether an account here is being abused."},
    [REPLY_CONTENT] = {"The recipient's mail server does not accept the content of this message.",
        "Send the text without attachments, or reach the recipient in another way.",
        "Read the reply: it says what was found, such as a virus or a forbidden kind of file."},
    [REPLY_DMARC] = {"The recipient's mail server could not verify that the message comes from your domain.",
        "Tell your administrator.",
        "Check the SPF, DKIM and DMARC records of the sender's domain; the reply says which check failed."},
    [REPLY_REVERSE_DNS] = {"The recipient's mail server does not trust this mail server's address.",
        "Tell your administrator.",
        "The reverse DNS record of this server's address is missing or does not lead back to it."},
    [REPLY_SENDER] = {"Your own address was not accepted as the sender.",
        "Check the sender's address in your mail program.",
        "Read the reply: that host may not know the address, its domain may have no DNS records, or a list "
        "there may name it."},
    [REPLY_RELAY] = {"The mail server there does not accept mail for the domain of this address.",
        ASK_ANOTHER,
        "That host does not know that it should accept this mail: check the domain's MX records, and the "
        "routes in the configuration."},
    [REPLY_LOGIN] = {"The next mail server demands a login before it accepts mail.",
        "Tell your administrator.",
        "It demands a login: set up a route with a login for this destination, or check whether it is the "
        "right host."},
    [REPLY_TLS] = {"The recipient's mail server accepts mail over encrypted connections only.",
        "Tell your administrator.", "The next host demands TLS: find out why there was no handshake."},
    [REPLY_LOOP] = LOOP_THERE,
    [REPLY_BEHIND] = NOTHING_BEHIND,
    [REPLY_EXPIRED] = EXPIRED_THERE,
    [REPLY_DOMAIN] = SAYS_NO_DOMAIN,
    [REPLY_POLICY] = {"The recipient's mail server refuses this message by a rule of its own.",
        "Its answer may say which rule; ask the recipient to speak to their administrator.",
        "Read the reply: often it is the reputation of this server's address or a missing SPF, DKIM or "
        "reverse DNS record."},
};

/* Before any message was offered it is this server that was turned away. */
static const struct explanation turned_away = {
    "The recipient's mail server refuses to talk to this mail server.",
    "Ask the recipient to speak to their administrator.",
    "Read the reply: it may concern this server's address, its name in EHLO, or its reverse DNS record."};

static bool is_any(struct view stage, const char *const *names)
{
	for (; *names; names++)
		if (view_equal_nocase(stage, view_from_string(*names)))
			return true;
	return false;
}

static const struct explanation *by_status(const struct status_text *table, size_t count, struct view status)
{
	for (size_t i = 0; i < count; i++)
		if (status_fits(table[i].code, status))
			return &table[i].text;
	return NULL;
}

static const struct explanation *by_code(unsigned code)
{
	for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
		if (replies[i].code == code)
			return &replies[i].text;
	return NULL;
}

static char class_of(unsigned code, struct view status)
{
	return code ? (char)('0' + code / 100 % 10) : status.len ? status.data[0] : '0';
}

/* A code that says no more than that it was refused. */
static bool is_general(struct view status)
{
	static const char *const codes[] = {"x.0.0", "x.3.", "x.5.", "x.7.0", "x.7.1"};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (status_fits(codes[i], status))
			return true;
	return status.len == 0;
}

/* A reply that a host really sent. */
static struct explanation said(const struct dsn_outcome *o)
{
	static const char *const early[] = {"greeting", "EHLO", "HELO", "LHLO", "idle", "RSET", NULL};
	static const char *const behind[] = {"DATA", "end of data", NULL};
	struct view status = reply_status(o->words);
	unsigned code = reply_code(o->words);
	enum reply_kind kind = reply_kind(o->words);
	const struct explanation *found;
	if (view_equal(o->stage, VIEW("STARTTLS")))
		return troubles[TROUBLE_TLS_MISSING].text;
	if (view_equal(o->stage, VIEW("AUTH")))
		return troubles[TROUBLE_AUTH].text;
	/* That there was no way to a host cannot be true of one whose words are here. */
	if (status.len == 0 && !(code && status_fits("x.4.", o->status)))
		status = o->status;
	/* What MAIL was answered with is about the sender. */
	if (view_equal(o->stage, VIEW("MAIL")) && (kind == REPLY_NO_USER || status_fits("x.1.1", status)))
		kind = REPLY_SENDER;
	if (kind != REPLY_OTHER)
		return kinds[kind];
	if (code >= 500 && is_any(o->stage, early) && is_general(status))
		return turned_away;
	if (code != 556) { /* RFC 7504: its enhanced code is 5.1.10 (RFC 7505), and here it means that */
		found = by_status(said_statuses, sizeof said_statuses / sizeof said_statuses[0], status);
		if (found == NULL && !status_fits("x.0.0", status))
			found = by_status(statuses, sizeof statuses / sizeof statuses[0], status);
		if (found)
			return *found;
	}
	if ((code == 550 || code == 553) && view_equal(o->stage, VIEW("MAIL")))
		return kinds[REPLY_SENDER];
	/* A reply that comes after the message is about the message. */
	found = by_code((code == 550 || code == 553) && is_any(o->stage, behind) ? 554 : code);
	return found ? *found : by_class(class_of(code, status));
}

struct explanation dsn_explain(const struct dsn_outcome *o)
{
	if (o->cause > TROUBLE_NONE && o->cause < TROUBLE_KINDS)
		return troubles[o->cause].text;
	if (o->answered || reply_code(o->words) >= 400)
		return said(o);
	const struct explanation *found =
	    by_status(statuses, sizeof statuses / sizeof statuses[0], o->status);
	return found ? *found : by_class(class_of(reply_code(o->words), o->status));
}
