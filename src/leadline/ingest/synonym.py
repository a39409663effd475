"""Synonyms: what people head a column with, in eight languages, and the fact column it most likely is.

Each text lists English headers, then after `;` those of German, French, Spanish, Dutch, Turkish, Vietnamese and
Chinese, parted by `|`. They serve a first proposal that a person looks at; known exports never depend on them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from msgspec import Struct

COMMON: Mapping[str, str] = {
    "email": "email|e-mail|email address|mail|customer email|contact email;e-mail-adresse|adresse e-mail|courriel"
    "|correo|correo electrónico|e-mailadres|e-posta|eposta|thư điện tử|邮箱|电子邮件|邮件",
    "channel": "channel|marketing channel;kanal|canal|kanaal|kênh|渠道|频道",
    "campaign": "campaign|campaign name|utm campaign;kampagne|campagne|campaña|kampanya|chiến dịch|广告系列|活动名称",
    "country": "country|country code|shipping country|billing country|market;land|pays|país|ülke|quốc gia|nước|国家"
    "|国家/地区",
    "region": "region|state|territory|province;bundesland|gebiet|région|región|provincia|regio|bölge|khu vực|tỉnh|vùng"
    "|地区|省份|区域",
    "product": "product|product name|item|item name|article;produkt|artikel|artikelname|produit|article|producto"
    "|artículo|product|ürün|sản phẩm|mặt hàng|产品|商品|商品名称|产品名称",
    "owner": "owner|sales rep|salesperson|sales agent|account executive|assigned to|rep;eigentümer|verkäufer"
    "|vertriebsmitarbeiter|zuständig|propriétaire|commercial|vendeur|propietario|vendedor|eigenaar|verkoper|sahibi"
    "|satış temsilcisi|người phụ trách|nhân viên|负责人|销售|所有者",
    "currency": "currency|currency code|ccy;währung|devise|moneda|divisa|valuta|munt|para birimi|tiền tệ|币种|货币",
    "device": "device|device category|device type;gerät|appareil|dispositivo|apparaat|cihaz|thiết bị|设备",
    "platform": "platform|network|ad network|ad platform;plattform|plateforme|plataforma|platformu|nền tảng|平台",
    "segment": "segment|industry|sector|company size;branche|secteur|segmento|sektör|phân khúc|行业",
    "status": "status|state of order|order status|payment status|deal status;bestellstatus|zustand|statut|état|estado"
    "|durum|trạng thái|tình trạng|状态|订单状态",
}
"""Columns that mean the same in every fact that has them."""

_PERSON = (
    "customer|customer id|customer no|customer number|client|client id|buyer|user|user id|contact|contact id|person"
    "|person id|account|account id|customer name|client name|respondent|member id|subscriber id"
    ";kunde|kundennr|kundennummer|kunden-id|kundenname|käufer|nutzer|kontakt|client|n° client|numéro client|acheteur"
    "|utilisateur|cliente|id cliente|comprador|usuario|klant|klantnr|klantnummer|gebruiker|müşteri|müşteri no"
    "|kullanıcı|khách hàng|mã khách hàng|khách|người dùng|客户|客户编号|客户名称|客户id|顾客|买家|会员|用户|用户id"
)
_DAY = (
    "date|day|report date|reporting date|posting date;datum|tag|buchungsdatum|date|jour|fecha|día|dag|tarih|gün|ngày"
    "|日期|天"
)
_AMOUNT = (
    "amount|total|total amount|value|net amount|grand total|gross amount;betrag|summe|gesamt|gesamtbetrag|wert"
    "|nettobetrag|montant|montant total|importe|monto|valor|bedrag|totaal|totaalbedrag|tutar|toplam|toplam tutar"
    "|số tiền|tổng tiền|thành tiền|giá trị|金额|总金额|总额|合计"
)

FACTS: Mapping[str, Mapping[str, str]] = {
    "order": {
        "ordered_at": f"order date|ordered at|placed|placed at|purchase date|purchased at|order time|invoice date"
        "|invoicedate"
        f"|payment date|paid at|transaction date|sale date|created at|timestamp;bestelldatum|bestellt am|kaufdatum"
        f"|rechnungsdatum|auftragsdatum|date de commande|date commande|date d'achat|date de facture|fecha de pedido"
        f"|fecha pedido|fecha de compra|besteldatum|orderdatum|factuurdatum|sipariş tarihi|satış tarihi|ngày đặt hàng"
        f"|ngày đặt|ngày mua|下单时间|下单日期|订单日期|订单时间|付款时间|购买日期|{_DAY.replace(';', '|')}",
        "order_id": "order id|order|order no|order nr|order number|order #|invoice|invoice no|invoice id|invoice number"
        "|transaction id|payment id|receipt no;bestellnr|bestellnummer|bestell-id|auftragsnr|auftragsnummer|rechnungsnr"
        "|rechnungsnummer|bestellung|commande|n° commande|numéro de commande|numéro commande|n° facture|pedido"
        "|número de pedido|nº pedido|id pedido|factura|bestelling|ordernummer|factuurnummer|sipariş|sipariş no"
        "|sipariş numarası|đơn hàng|mã đơn hàng|mã đơn|số đơn hàng|订单|订单号|订单编号|订单id",
        "line_id": "line id|line|line no|line item id|position;positionsnr|zeile|ligne|línea|regel|satır|dòng|行号",
        "customer_id": _PERSON,
        "product_id": "product id|sku|stock code|stockcode|item id|article no;artikelnr|artikelnummer|référence"
        "|référence"
        " produit|referencia|código|ürün kodu|stok kodu|mã sản phẩm|mã hàng|产品编号|商品编号|商品id|货号",
        "category": "category|product category|department;kategorie|warengruppe|catégorie|categoría|categorie|kategori"
        "|danh mục|loại|类别|分类|品类",
        "quantity": "quantity|qty|units|pieces;menge|anzahl|stück|stückzahl|quantité|qté|cantidad|unidades|aantal|adet"
        "|miktar|số lượng|sl|数量|件数",
        "unit_price": "unit price|price|item price|price each;einzelpreis|preis|stückpreis|prix|prix unitaire|precio"
        "|precio unitario|prijs|stukprijs|eenheidsprijs|birim fiyat|fiyat|đơn giá|giá|单价|价格",
        "amount": f"{_AMOUNT.replace(';', '|revenue|sales|order total|order value|order amount|paid amount|turnover;')}"
        "|umsatz|bestellwert|chiffre d'affaires|ventas|total del pedido|omzet|ciro|sipariş tutarı|doanh thu|销售额"
        "|订单金额"
        "|实付金额|付款金额",
        "refunded": "refund|refunded|refund amount|amount refunded;erstattung|erstattet|remboursement|reembolso"
        "|terugbetaling|iade|iade tutarı|hoàn tiền|退款|退款金额",
        "discount": "discount|discount amount|coupon value;rabatt|remise|descuento|korting|indirim|giảm giá|折扣|优惠"
        "|优惠金额",
        "tax": "tax|vat|sales tax|tax amount;mwst|ust|steuer|tva|taxe|iva|impuesto|btw|kdv|vergi|thuế|税|税额",
        "fee": "fee|fees|payment fee|transaction fee;gebühr|gebühren|frais|comisión|kosten betaling|komisyon|phí"
        "|手续费",
        "cost_of_goods": "cogs|cost of goods|cost price|unit cost;wareneinsatz|einkaufspreis|coût d'achat|coste"
        "|inkoopprijs|maliyet|giá vốn|成本",
    },
    "deal": {
        "created_at": "created|created at|create date|created date|opened|open date|engage date|engage_date|opened at"
        ";erstellt am|erstellt|angelegt am|date de création|créé le|fecha de creación|creado|aangemaakt|aanmaakdatum"
        "|oluşturma tarihi|ngày tạo|创建日期|创建时间",
        "closed_at": "closed|closed at|close date|closing date|closed date;abschlussdatum|geschlossen am"
        "|date de clôture"
        "|clôturé le|fecha de cierre|sluitingsdatum|afgesloten op|kapanış tarihi|ngày đóng|ngày chốt|关闭日期|结单日期"
        "|成交日期",
        "won_at": "won at|won date|date won|won;gewonnen am|gagné le|fecha ganado|gewonnen op|kazanma tarihi|赢单日期",
        "lost_at": "lost at|lost date|date lost|lost;verloren am|perdu le|fecha perdido|verloren op|输单日期",
        "expected_close_at": "expected close|expected close date|planned close;erwarteter abschluss|clôture prévue"
        "|cierre previsto|verwachte sluitingsdatum|预计成交日期|预计关闭日期",
        "deal_id": "deal id|opportunity id|deal no|opportunity no|deal number;deal-id|chancen-id|id opportunité"
        "|id affaire|id oportunidad|id negocio|kans-id|fırsat no|anlaşma no|mã cơ hội|商机编号|商机id",
        "name": "deal|deal name|opportunity|opportunity name;opportunité|affaire|nom de l'affaire|oportunidad|negocio"
        "|dealnaam|verkaufschance|kans|fırsat|anlaşma|cơ hội|tên cơ hội|商机|商机名称",
        "person_id": "contact|contact id|contact email|person;kontakt|kişi|contacto|liên hệ|联系人",
        "account": "company|company name|account|account name|organisation|organization|customer;firma|unternehmen"
        "|kunde|société|entreprise|empresa|bedrijf|şirket|công ty|公司|客户|客户名称",
        "account_id": "company id|account id|organization id;firmen-id|id société|id empresa|bedrijfs-id|公司id",
        "stage": "stage|deal stage|pipeline stage|sales stage|phase;phase|verkaufsphase|étape|phase de vente|etapa|fase"
        "|aşama|giai đoạn|阶段|销售阶段",
        "pipeline": "pipeline|pipeline name;satış hattı|销售管道",
        "kind": "deal type|opportunity type|type;typ|tipo|tür|loại|类型",
        "lead_source": "lead source|source|original source;leadquelle|quelle|source|origen|bron|kaynak|nguồn|线索来源"
        "|来源",
        "team": "team|manager|sales team;takım|équipe|equipo|nhóm|团队",
        "loss_reason": "loss reason|lost reason|closed lost reason;verlustgrund|motif de perte|motivo de pérdida"
        "|reden verlies|kayıp nedeni|lý do thua|输单原因",
        "amount": f"{_AMOUNT.replace(';', '|deal value|deal amount|close value|deal size|opportunity amount|acv;')}"
        "|auftragswert|dealwaarde|成交金额",
        "probability": "probability|win probability|likelihood;wahrscheinlichkeit|probabilité|probabilidad|kans %"
        "|olasılık"
        "|xác suất|概率|赢率",
    },
    "ad": {
        "date": _DAY,
        "account": "ad account|account name;werbekonto|compte publicitaire|cuenta|广告账户",
        "campaign_id": "campaign id;kampagnen-id|id campagne|id de campaña|广告系列编号",
        "ad_group": "ad group|ad set|adset|ad group name;anzeigengruppe|groupe d'annonces|grupo de anuncios"
        "|advertentiegroep|reklam grubu|nhóm quảng cáo|广告组",
        "ad": "ad|ad name|creative;anzeige|annonce|anuncio|advertentie|reklam|quảng cáo|广告|创意",
        "keyword": "keyword;suchbegriff|mot-clé|mot clé|palabra clave|zoekwoord|anahtar kelime|từ khóa|关键词|关键字",
        "impressions": "impressions|impr|impr.|imps|views served;impressionen|einblendungen|impresiones|vertoningen"
        "|impressies|gösterim|gösterimler|lượt hiển thị|hiển thị|展示次数|展示|曝光|曝光量",
        "clicks": "clicks|all clicks;klicks|clics|klikken|tıklama|tıklamalar|lượt nhấp|nhấp chuột|点击|点击次数|点击量",
        "link_clicks": "link clicks|outbound clicks;link-klicks|clics sur un lien|clics en el enlace",
        "spend": "spend|cost|ad spend|amount spent|media cost|budget spent|costs;kosten|ausgaben|werbekosten"
        "|ausgegebener betrag|coût|dépenses|dépense|gasto|coste|costo|inversión|uitgaven|harcama|maliyet|chi phí"
        "|chi tiêu"
        "|花费|消耗|费用|支出",
        "conversions": "conversions|purchases|results;konversionen|conversies|conversiones|dönüşüm|dönüşümler"
        "|chuyển đổi"
        "|转化|转化次数|转化数",
        "conversion_value": "conversion value|conv value|purchase value|revenue;conversion-wert|valeur de conversion"
        "|valor de conversión|conversiewaarde|dönüşüm değeri|giá trị chuyển đổi|转化价值",
        "leads": "leads|lead forms;prospects|potentiële klanten|线索数",
        "reach": "reach;reichweite|portée|couverture|alcance|bereik|erişim|tiếp cận|覆盖|触达",
        "video_views": "video views|views;videoaufrufe|vues|reproducciones|weergaven|görüntüleme|lượt xem|播放量",
    },
    "subscription": {
        "started_at": "started|started at|start|start date|starts at|subscribed at|subscription start|activated at"
        ";beginn|startdatum|abo-beginn|vertragsbeginn|début|date de début|inicio|fecha de inicio|ingangsdatum|başlangıç"
        "|başlangıç tarihi|bắt đầu|ngày bắt đầu|开始|开始日期|开始时间",
        "ended_at": "ended|ended at|end|end date|ends at|churned at|churn date|expired at;ende|enddatum|abo-ende|fin"
        "|date de fin|fecha de fin|einddatum|bitiş|bitiş tarihi|kết thúc|ngày kết thúc|结束|结束日期|到期日期",
        "canceled_at": "canceled at|cancelled at|cancellation date|canceled|cancelled;gekündigt am|kündigungsdatum"
        "|résilié le|cancelado el|opgezegd op|iptal tarihi|ngày hủy|取消日期",
        "trial_started_at": "trial start|trial started at;probezeit beginn|début d'essai|试用开始",
        "trial_ended_at": "trial end|trial ended at;probezeit ende|fin d'essai|试用结束",
        "subscription_id": "subscription id|subscription|contract id|subscription no;abo-id|abonr|abonnement|vertragsnr"
        "|id abonnement|suscripción|id suscripción|abonnements-id|abonelik|abonelik no|mã gói|thuê bao|订阅|订阅编号"
        "|订阅id",
        "customer_id": _PERSON,
        "plan": "plan|plan name|tier|package;tarif|paket|formule|offre|tarifa|pakket|paket adı|gói|gói cước|套餐|方案"
        "|计划",
        "interval": "interval|billing interval|billing period|billing cycle;abrechnungsintervall|périodicité"
        "|facturación"
        "|fatura dönemi|chu kỳ|计费周期",
        "contract": "contract|contract term;vertrag|contrat|contrato|sözleşme|hợp đồng|合同",
        "reason": "reason|cancellation reason|churn reason;kündigungsgrund|motif|motivo|opzegreden|neden|lý do"
        "|取消原因",
        "mrr": "mrr|monthly recurring revenue|monthly value|monthly price|monthly amount|monthly charges;monatswert"
        "|monatspreis|monatsbetrag|revenu mensuel|prix mensuel|precio mensual|ingreso mensual|maandbedrag|aylık ücret"
        "|aylık tutar|phí hàng tháng|月费|月金额|月度经常性收入",
        "seats": "seats|licenses|licences;plätze|lizenzen|sièges|puestos|koltuk|席位|座位数",
    },
    "cost": {
        "date": f"{_DAY}|month|monat|mois|mes|maand|ay|tháng|月份",
        "team": "team|cost center|cost centre;kostenstelle|abteilung|équipe|centre de coûts|equipo|afdeling|departman"
        "|bộ phận|部门|团队",
        "category": "category|cost type|expense type|expense category|type;kategorie|kostenart|catégorie|poste"
        "|categoría"
        "|tipo de gasto|categorie|kostensoort|kategori|gider türü|danh mục|loại chi phí|类别|费用类型|科目",
        "vendor": "vendor|supplier|payee|paid to;lieferant|anbieter|fournisseur|proveedor|leverancier|tedarikçi"
        "|nhà cung cấp|供应商",
        "amount": f"{_AMOUNT.replace(';', '|cost|costs|expense|spend;')}|kosten|ausgaben|coût|dépense|coste|gasto"
        "|uitgave"
        "|maliyet|gider|chi phí|费用|支出|成本",
        "planned": "planned|budget|plan amount;budgetiert|geplant|prévu|presupuesto|begroot|bütçe|ngân sách|预算",
    },
    "stage_entry": {
        "entered_at": f"entered at|entered|stage date|date entered|became lead at|changed at|created at|created"
        "|signup date"
        f"|create date;eingetreten am|erstellt am|entrée le|date de création|fecha de creación|aangemaakt|giriş tarihi"
        f"|ngày tạo|进入时间|创建时间|{_DAY.replace(';', '|')}",
        "stage": "stage|lifecycle stage|lifecycle|funnel stage|lead status|lead stage;phase|lebenszyklus-phase"
        "|lifecycle-phase|étape|phase du cycle de vie|etapa|fase|aşama|giai đoạn|阶段|生命周期阶段|线索状态",
        "person_id": _PERSON.replace(";", "|lead|lead id|prospect id|id;") + "|线索|线索编号",
        "lead_source": "lead source|source|original source;leadquelle|quelle|source|origen|bron|kaynak|nguồn|来源"
        "|线索来源",
        "reason": "reason|rejection reason|disqualification reason;ablehnungsgrund|motif|motivo|reden|neden|原因",
    },
    "session": {
        "date": _DAY,
        "started_at": "session start|started at|visit time|visit start;besuchszeit|访问时间",
        "session_id": "session id|visit id;sitzungs-id|id session|id sesión|sessie-id|oturum no|会话id",
        "visitor_id": "visitor id|client id|device id|cookie id;besucher-id|id visiteur|id visitante|ziyaretçi|访客id",
        "traffic_source": "utm source|source|referrer|traffic source;quelle|source|fuente|bron|kaynak|nguồn|来源",
        "medium": "medium|utm medium;médium|medio|ortam|phương tiện|媒介",
        "landing_page": "landing page|entry page;einstiegsseite|page de destination|página de destino|landingspagina"
        "|açılış sayfası|trang đích|着陆页",
        "sessions": "sessions|visits;sitzungen|besuche|visites|sesiones|visitas|sessies|bezoeken|oturum|oturumlar"
        "|phiên|lượt truy cập|会话|会话数|访问次数",
        "engaged_sessions": "engaged sessions;sitzungen mit interaktionen|sessions avec engagement|互动会话数",
        "page_views": "page views|pageviews;seitenaufrufe|pages vues|páginas vistas|paginaweergaven|sayfa görüntüleme"
        "|lượt xem trang|浏览量|页面浏览量",
        "users": "users|visitors|active users;nutzer|besucher|utilisateurs|visiteurs|usuarios|gebruikers|kullanıcılar"
        "|người dùng|用户数|访客数",
        "new_users": "new users|new visitors;neue nutzer|nouveaux utilisateurs|usuarios nuevos|新用户",
        "key_events": "key events|conversions|goals;schlüsselereignisse|konversionen|conversiones|转化",
    },
    "email": {
        "sent_at": f"sent at|send date|send time|sent on|date sent;versendet am|versanddatum|envoyé le|date d'envoi"
        f"|fecha de envío|verzonden op|gönderim tarihi|ngày gửi|发送时间|发送日期|{_DAY.replace(';', '|')}",
        "campaign_id": "campaign id|message id;kampagnen-id|id campagne|活动id",
        "subject": "subject|subject line;betreff|objet|asunto|onderwerp|konu|tiêu đề|主题",
        "list": "list|audience|segment;liste|verteiler|lijst|lista|danh sách|列表",
        "sent": "sent|recipients|emails sent|total recipients;versendet|empfänger|envoyés|destinataires|enviados"
        "|destinatarios|verzonden|ontvangers|gönderilen|đã gửi|người nhận|发送数|收件人",
        "delivered": "delivered|deliveries;zugestellt|délivrés|livrés|entregados|afgeleverd|teslim edilen|đã nhận"
        "|送达|送达数",
        "opens": "opens|unique opens|opened;öffnungen|ouvertures|aperturas|geopend|açılma|lượt mở|打开|打开数",
        "clicks": "clicks|unique clicks|clicked;klicks|clics|klikken|tıklama|lượt nhấp|点击|点击数",
        "bounces": "bounces|bounced;rückläufer|rebonds|rebotes|geri dönen|bị trả lại|退信",
        "unsubscribes": "unsubscribes|unsubscribed|opt outs;abmeldungen|désinscriptions|desabonnements|bajas"
        "|uitschrijvingen|abonelikten çıkma|hủy đăng ký|退订|退订数",
        "complaints": "complaints|spam complaints;beschwerden|plaintes|quejas|klachten|şikayet|投诉",
    },
    "survey": {
        "answered_at": f"answered at|response date|submitted at|submitted|responded at|completed at"
        "|timestamp;beantwortet am"
        f"|antwortdatum|répondu le|date de réponse|fecha de respuesta|beantwoord op|yanıt tarihi|ngày trả lời|回答时间"
        f"|提交时间|{_DAY.replace(';', '|')}",
        "person_id": _PERSON,
        "survey": "survey|survey name;umfrage|enquête|encuesta|onderzoek|anket|khảo sát|问卷|调查",
        "score": "score|nps|nps score|rating|csat|answer;punkte|bewertung|note|puntuación|valoración|beoordeling|puan"
        "|điểm|đánh giá|评分|得分|分数",
    },
    "product_event": {
        "happened_at": f"event time|happened at|occurred at|event timestamp|timestamp|event date;zeitpunkt|ereigniszeit"
        f"|horodatage|fecha del evento|tijdstip|olay zamanı|thời gian|事件时间|时间|{_DAY.replace(';', '|')}",
        "event_id": "event id|event uuid;ereignis-id|id événement|id evento|olay no|事件id",
        "person_id": _PERSON,
        "event": "event|event name|action|event type;ereignis|aktion|événement|evento|acción|gebeurtenis|olay|sự kiện"
        "|事件|事件名称|行为",
        "feature": "feature|screen;funktion|fonctionnalité|función|functie|özellik|tính năng|功能",
        "plan": "plan|tier;tarif|formule|套餐",
    },
    "event_member": {
        "event_at": "event date|webinar date|event start;veranstaltungsdatum|date de l'événement|fecha del evento"
        "|etkinlik tarihi|ngày sự kiện|活动日期",
        "registered_at": "registered at|registration date|registration time;angemeldet am|inscrit le"
        "|fecha de inscripción|aangemeld op|kayıt tarihi|ngày đăng ký|报名时间",
        "event": "webinar|event name|event|webinar name;veranstaltung|événement|evento|evenement|etkinlik|sự kiện|活动",
        "person_id": _PERSON,
        "attended": "attended|was there|attendance;teilgenommen|présent|asistió|aanwezig|katıldı|tham dự|出席|参加",
        "registered": "registered;angemeldet|inscrit|inscrito|aangemeld|kayıtlı|đã đăng ký|已报名",
        "minutes": "minutes|time in session|duration minutes;minuten|minutos|dakika|phút|分钟",
    },
    "sales_touch": {
        "touched_at": "activity date|call date|touched at|activity time|call time;aktivitätsdatum|date d'activité"
        "|fecha de actividad|activiteitsdatum|aktivite tarihi|ngày gọi|跟进时间|通话时间",
        "person_id": _PERSON.replace(";", "|lead|lead id;"),
        "deal_id": "deal id|opportunity id;id oportunidad|商机编号",
        "kind": "activity type|activity|touch type;aktivität|aktivitätstyp|activité|actividad|activiteit|aktivite"
        "|hoạt động|跟进方式",
        "outcome": "outcome|call outcome|result;ergebnis|résultat|resultado|resultaat|sonuç|kết quả|结果",
    },
    "referral": {
        "invited_at": "invited at|invitation date|referred at|referral date;eingeladen am|invité le|invitado el"
        "|uitgenodigd op|davet tarihi|ngày mời|邀请时间",
        "accepted_at": "accepted at;angenommen am|accepté le|aceptado el|接受时间",
        "converted_at": "converted at|conversion date;konvertiert am|converti le|转化时间",
        "referral_id": "referral id|invitation id;empfehlungs-id|邀请编号",
        "referrer_id": "referrer|referrer id|referred by|inviter;empfehler|parrain|referente|davet eden"
        "|người giới thiệu"
        "|推荐人|邀请人",
        "referred_id": "referred|referred id|invitee|referee;geworben|filleul|referido|davet edilen|被邀请人|被推荐人",
        "reward": "reward|bonus;prämie|récompense|recompensa|beloning|ödül|thưởng|奖励",
    },
}
"""Columns by fact; a fact without an entry is never proposed."""

MARKS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "order": (("amount", "unit_price"), ("order_id", "customer_id", "product_id", "product", "quantity")),
    "deal": (("deal_id", "name", "stage"), ("stage", "amount", "closed_at", "status")),
    "ad": (("spend", "impressions"), ("impressions", "clicks", "campaign", "ad_group", "ad")),
    "subscription": (("plan", "mrr", "subscription_id"), ("mrr", "ended_at", "subscription_id")),
    "cost": (("amount",), ("category", "vendor", "team", "channel", "campaign")),
    "stage_entry": (("stage",), ("person_id", "email")),
    "session": (("sessions", "session_id", "page_views"),),
    "email": (("sent", "delivered"), ("opens", "clicks", "bounces", "delivered")),
    "survey": (("score",),),
    "product_event": (("event",), ("person_id", "email")),
    "event_member": (("event", "event_at", "attended"), ("attended", "registered", "registered_at", "minutes")),
    "sales_touch": (("kind", "outcome"), ("person_id", "email", "deal_id")),
    "referral": (("referrer_id",), ("referred_id", "referral_id", "reward", "accepted_at")),
}
"""What a file must have besides a time to be proposed as a fact: of each group, one column."""

STAGES: Mapping[str, str] = {
    "subscriber": "subscriber|subscribed;abonnent|abonné|suscriptor|abone|订阅者",
    "lead": "lead|became lead;prospect|线索|khách hàng tiềm năng",
    "mql": "mql|marketing qualified lead",
    "sal": "sal|sales accepted lead",
    "sql": "sql|sales qualified lead",
    "pql": "pql|product qualified lead",
    "opportunity": "opportunity;opportunité|oportunidad|verkaufschance|fırsat|cơ hội|商机",
    "customer": "customer|became customer;kunde|client|cliente|klant|müşteri|khách hàng|客户",
}
"""Stages of the journey that a date column may be headed with (`MQL date`)."""

_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]|（[^）]*）")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_FOLDS = str.maketrans({"đ": "d", "ı": "i", "ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe"})


class Sense(Struct, frozen=True):
    """What a header may mean: how sure (0 to 1), and whether the word is English."""

    score: float = 0.0
    english: bool = False


def fold(header: str) -> str:
    """A header for comparison: no accents, case, brackets or marks; words parted by one space."""
    text = _BRACKETS.sub(" ", header) if _BRACKETS.sub("", header).strip() else header
    text = unicodedata.normalize("NFKC", _CAMEL.sub(" ", text)).casefold().translate(_FOLDS)
    text = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return " ".join(re.sub(r"[\W_]+", " ", text.translate(_FOLDS)).split())


@cache
def words_of(text: str) -> tuple[tuple[str, bool], ...]:
    """The synonyms of a text of this module, folded, each with whether it is English."""
    english, _, others = text.partition(";")
    parts = [(word, True) for word in english.split("|")] + [(word, False) for word in others.split("|") if word]
    return tuple(dict.fromkeys((fold(word), is_english) for word, is_english in parts))


def sense(header: str, text: str) -> Sense:
    """How well a header fits the synonyms of a text: 1 when it is one of them, less when it only contains one."""
    folded = fold(header)
    bare = folded.replace(" ", "")
    best = Sense()
    for word, english in words_of(text):
        if not word:
            continue
        if folded == word or bare == word.replace(" ", ""):
            return Sense(1.0, english)
        score = _partial(folded, word)
        if score > best.score:
            best = Sense(score, english)
    return best


def _partial(header: str, word: str) -> float:
    """A header that holds the word among at most two others; the last word weighs most."""
    if not word.isascii():
        if word not in header:
            return 0.0
        rest = len(header) - len(word)
    else:
        if f" {word} " not in f" {header} ":
            return 0.0
        rest = len(header.split()) - len(word.split())
    if rest > (2 if word.isascii() else 4):
        return 0.0
    return 0.45 + 0.3 * len(word) / len(header) + (0.1 if header.endswith(word) else 0.0)
