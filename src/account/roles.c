/*
 * What the mailboxes that an account begins with are called. Mail programs know them by their roles (RFC
 * 6154) and show their names, which are the account's to change.
 */
#include "account/roles.h"

#include <errno.h>
#include <stdio.h>

#include "account/mailbox.h"

enum { FIRST = MAILBOX_ROLE_DRAFTS, LAST = MAILBOX_ROLE_ARCHIVE, ROLES = LAST - FIRST + 1, SNOOZED = ROLES };

/* In the order of the roles: drafts, sent, junk, trash, archive; then snoozed, which is made when it is
 * needed first. */
/* clang-format off */
static const struct {
	const char *language;
	const char *names[ROLES + 1];
} languages[] = {
    {"en", {"Drafts", "Sent", "Junk", "Trash", "Archive", "Snoozed"}},
    {"ar", {"المسودات", "المرسل", "غير مرغوب", "المهملات", "الأرشيف", "المؤجل"}},
    {"cs", {"Koncepty", "Odeslané", "Nevyžádané", "Koš", "Archiv", "Odložené"}},
    {"da", {"Kladder", "Sendt", "Uønsket", "Papirkurv", "Arkiv", "Udsat"}},
    {"de", {"Entwürfe", "Gesendet", "Spam", "Papierkorb", "Archiv", "Zurückgestellt"}},
    {"el", {"Πρόχειρα", "Απεσταλμένα", "Ανεπιθύμητα", "Κάδος", "Αρχείο", "Σε αναβολή"}},
    {"es", {"Borradores", "Enviados", "Correo no deseado", "Papelera", "Archivo", "Pospuestos"}},
    {"fi", {"Luonnokset", "Lähetetyt", "Roskaposti", "Roskakori", "Arkisto", "Torkutetut"}},
    {"fr", {"Brouillons", "Envoyés", "Indésirables", "Corbeille", "Archives", "En attente"}},
    {"he", {"טיוטות", "נשלח", "זבל", "אשפה", "ארכיון", "בהמתנה"}},
    {"hu", {"Piszkozatok", "Elküldött", "Levélszemét", "Kuka", "Archívum", "Elhalasztott"}},
    {"it", {"Bozze", "Inviata", "Indesiderata", "Cestino", "Archivio", "Posticipata"}},
    {"ja", {"下書き", "送信済み", "迷惑メール", "ごみ箱", "アーカイブ", "スヌーズ"}},
    {"ko", {"임시 보관함", "보낸 편지함", "스팸", "휴지통", "보관함", "다시 알림"}},
    {"nb", {"Utkast", "Sendt", "Søppelpost", "Papirkurv", "Arkiv", "Utsatt"}},
    {"nl", {"Concepten", "Verzonden", "Ongewenst", "Prullenbak", "Archief", "Uitgesteld"}},
    {"no", {"Utkast", "Sendt", "Søppelpost", "Papirkurv", "Arkiv", "Utsatt"}},
    {"pl", {"Szkice", "Wysłane", "Niechciane", "Kosz", "Archiwum", "Odłożone"}},
    {"pt", {"Rascunhos", "Enviados", "Lixo eletrônico", "Lixeira", "Arquivo", "Adiados"}},
    {"ro", {"Ciorne", "Trimise", "Spam", "Coș de gunoi", "Arhivă", "Amânate"}},
    {"ru", {"Черновики", "Отправленные", "Спам", "Корзина", "Архив", "Отложенные"}},
    {"sk", {"Koncepty", "Odoslané", "Nevyžiadané", "Kôš", "Archív", "Odložené"}},
    {"sv", {"Utkast", "Skickat", "Skräppost", "Papperskorg", "Arkiv", "Uppskjutet"}},
    {"tr", {"Taslaklar", "Gönderilmiş", "İstenmeyen", "Çöp kutusu", "Arşiv", "Ertelenenler"}},
    {"uk", {"Чернетки", "Надіслані", "Спам", "Кошик", "Архів", "Відкладені"}},
    {"zh", {"草稿", "已发送", "垃圾邮件", "已删除", "归档", "稍后处理"}},
};
/* clang-format on */

/* The primary subtag tells: "de-CH" is German. */
static const char *const *names_of(struct view language)
{
	ptrdiff_t end = view_find(language, '-');
	struct view primary = end < 0 ? language : view_take(language, (size_t)end);
	for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
		if (view_equal_nocase(primary, view_from_string(languages[i].language)))
			return languages[i].names;
	return languages[0].names;
}

static int give_role(struct account_change *c, uint32_t number, uint8_t role)
{
	struct change_mailbox *box;
	int error = change_mailbox(c, number, &box);
	if (error || box->m.role != MAILBOX_ROLE_NONE)
		return error;
	box->m.role = role;
	c->head.roles[role] = number;
	change_mark_mailbox(c, box);
	return 0;
}

static int make_role(struct account_change *c, uint8_t role, const char *name)
{
	struct mailbox_path path = {.count = 0};
	struct account_mailbox m = {.role = role, .subscribed = true};
	size_t levels;
	uint32_t number;
	int error = mailbox_path_read(view_from_string(name), &path);
	if (error == 0)
		error = mailbox_follow(c->txn, c->shard, &path, 0, &levels, &number);
	if (error)
		return error;
	if (levels == path.count)
		return give_role(c, number, role);
	return mailbox_room(c, 1) ? 0 : mailbox_make(c, &path, levels, number, &m, &number);
}

int roles_make(struct account_change *c, struct view language)
{
	const char *const *names = names_of(language);
	int error = 0;
	for (uint8_t role = FIRST; role <= LAST && error == 0; role++)
		if (c->head.roles[role] == 0)
			error = make_role(c, role, names[role - FIRST]);
	c->head.roles[MAILBOX_ROLE_INBOX] = MAILBOX_INBOX;
	c->head.roles_made = c->head_changed = true;
	return error;
}

/* It may be called otherwise when another use has its name. */
static int make_under(struct account_change *c, const char *name, unsigned attempt)
{
	char text[ACCOUNT_MAILBOX_NAME_MAX];
	if (attempt == 0)
		return make_role(c, MAILBOX_ROLE_SNOOZED, name);
	snprintf(text, sizeof text, "%s %u", name, attempt + 1);
	return make_role(c, MAILBOX_ROLE_SNOOZED, text);
}

int roles_make_snoozed(struct account_change *c, struct view language)
{
	enum { ATTEMPTS = 5 };
	const char *name = names_of(language)[SNOOZED];
	int error = mailbox_room(c, 1) ? -EDQUOT : 0;
	for (unsigned i = 0; i < ATTEMPTS && error == 0; i++) {
		error = make_under(c, name, i);
		if (error == 0 && c->head.roles[MAILBOX_ROLE_SNOOZED])
			return 0;
	}
	return error ? error : -EDQUOT;
}
