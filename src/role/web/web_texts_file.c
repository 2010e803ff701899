/* The texts of the pages of files behind links: for web_texts.c. */
#include "role/web/web_texts.h"

/* clang-format off */
const char *const web_texts_file[][WEB_LANGUAGES] = {
    {"A file for you", "Eine Datei für Sie", "Un archivo para usted", "Un fichier pour vous", "Файл для вас", "给您的文件",
	"あなた宛てのファイル", "ملف لك"},
    {"File", "Datei", "Archivo", "Fichier", "Файл", "文件", "ファイル", "الملف"},
    {"Size", "Größe", "Tamaño", "Taille", "Размер", "大小", "サイズ", "الحجم"},
    {"From", "Von", "De", "De", "От", "来自", "送信者", "من"},
    {"Until", "Bis", "Hasta", "Jusqu’au", "До", "有效期至", "期限", "حتى"},
    {"Download", "Herunterladen", "Descargar", "Télécharger", "Скачать", "下载", "ダウンロード", "تنزيل"},
    {"Open it only if you know the sender.", "Öffnen Sie sie nur, wenn Sie den Absender kennen.",
	"Ábralo solo si conoce al remitente.", "Ne l’ouvrez que si vous connaissez l’expéditeur.",
	"Открывайте его, только если знаете отправителя.", "仅在您认识发件人时打开。", "送信者を知っている場合にだけ開いてください。",
	"لا تفتحه إلا إذا كنت تعرف المرسل."},
    {"There is no such file (any more)", "Diese Datei gibt es nicht (mehr)", "Este archivo no existe (o ya no)",
	"Ce fichier n’existe pas (ou plus)", "Такого файла нет (или больше нет)", "此文件不存在（或已被移除）",
	"このファイルはありません（または削除されました）", "لا يوجد ملف كهذا (أو لم يعد موجودًا)"},
    {"It was removed, its time is over, or the address is not whole. Ask whoever sent it to you.",
	"Sie wurde entfernt, ihre Zeit ist abgelaufen, oder die Adresse ist nicht vollständig. Fragen Sie, wer sie Ihnen geschickt hat.",
	"Se ha retirado, su plazo ha terminado o la dirección no está completa. Pregunte a quien se lo envió.",
	"Il a été retiré, son délai est écoulé, ou l’adresse n’est pas complète. Demandez à qui vous l’a envoyé.",
	"Он удалён, его срок истёк, или адрес неполный. Спросите того, кто вам его прислал.",
	"文件已被移除、已过期，或地址不完整。请询问发送给您的人。",
	"削除されたか、期限が切れたか、アドレスが完全ではありません。送った人にお尋ねください。",
	"أُزيل الملف أو انتهت مدته أو العنوان غير كامل. اسأل من أرسله إليك."},
    {"Not right now", "Im Moment nicht", "Ahora mismo no", "Pas maintenant", "Сейчас нельзя", "暂时不可用", "今はできません", "ليس الآن"},
    {"Too many people fetch it at this moment. Try again in a minute.",
	"Im Moment holen zu viele Leute diese Datei. Versuchen Sie es in einer Minute noch einmal.",
	"En este momento lo descarga demasiada gente. Inténtelo de nuevo en un minuto.",
	"Trop de personnes le téléchargent en ce moment. Réessayez dans une minute.",
	"Сейчас его скачивает слишком много людей. Попробуйте через минуту.", "当前下载的人过多。请一分钟后重试。",
	"今は多くの人がダウンロードしています。1分後にもう一度お試しください。", "عدد كبير ينزّله الآن. حاول بعد دقيقة."},
    {"bytes", "Bytes", "bytes", "octets", "байт", "字节", "バイト", "بايت"},
    {"kB", "kB", "kB", "ko", "кБ", "kB", "kB", "ك.ب"},
    {"MB", "MB", "MB", "Mo", "МБ", "MB", "MB", "م.ب"},
    {"GB", "GB", "GB", "Go", "ГБ", "GB", "GB", "غ.ب"},
    {"TB", "TB", "TB", "To", "ТБ", "TB", "TB", "ت.ب"},
};
/* clang-format on */

const size_t web_texts_file_count = sizeof web_texts_file / sizeof web_texts_file[0];
