//! What a column of orders may mean, and the headings that it goes by: ours in both languages, and those of exports of
//! U8, K3 and SAP as they are commonly seen. **Invariant:** no heading means two fields.

use super::Language;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    OrderNumber,
    SourceSystem,
    IssueDate,
    VendorNumber,
    Uscc,
    SupplierName,
    Currency,
    PriceIncludesTax,
    PurchasingGroup,
    AgreementRef,
    PaymentTerms,
    OrderNote,
    LineNumber,
    ScheduleLineNumber,
    BuyerItemId,
    SellerItemId,
    ItemName,
    Specification,
    ResourceRevision,
    ReservationId,
    Quantity,
    Unit,
    UnitPrice,
    UnitPriceWithTax,
    UnitPriceWithoutTax,
    BaseQuantity,
    TaxRate,
    RequestedDate,
    ShipToSite,
    LineNote,
}

/// Which part of an order a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The same on every row of an order.
    Head,
    /// The same on every row of a line.
    Line,
    /// Of this row alone.
    Schedule,
}

/// What is known of a field.
#[derive(Debug)]
pub struct Known {
    pub field: Field,
    /// Our name, for mappings.
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub part: Part,
    /// A column or a default must give it.
    pub required: bool,
    /// Stands in the template.
    pub in_template: bool,
    hint: [&'static str; 2],
    /// Other headings; earlier ones win where a file has several.
    pub synonyms: &'static [&'static str],
}

impl Known {
    /// Our heading.
    pub fn heading(&self, language: Language) -> &'static str {
        language.pick(self.zh, self.en)
    }

    /// What belongs there.
    pub fn hint(&self, language: Language) -> &'static str {
        language.pick(self.hint[0], self.hint[1])
    }
}

/// What is known of a field, by the field.
pub fn known(field: Field) -> &'static Known {
    // Every field stands in the list; a test holds it to that.
    ALL.iter().find(|known| known.field == field).unwrap_or(&ALL[0])
}

/// The field of our name.
pub fn named(name: &str) -> Option<Field> {
    ALL.iter().find(|known| known.name == name).map(|known| known.field)
}

macro_rules! fields {
    ($($field:ident $name:literal, $zh:literal, $en:literal, $part:ident $($flag:ident)*,
        [$hint_zh:literal, $hint_en:literal], [$($synonym:literal),* $(,)?];)*) => {
        /// All fields, in the order of the template.
        pub const ALL: &[Known] = &[$(Known {
            field: Field::$field,
            name: $name,
            zh: $zh,
            en: $en,
            part: Part::$part,
            required: fields!(@has required $($flag)*),
            in_template: !fields!(@has rare $($flag)*),
            hint: [$hint_zh, $hint_en],
            synonyms: &[$($synonym),*],
        }),*];
    };
    (@has required required $($rest:ident)*) => { true };
    (@has rare rare $($rest:ident)*) => { true };
    (@has $flag:ident $other:ident $($rest:ident)*) => { fields!(@has $flag $($rest)*) };
    (@has $flag:ident) => { false };
}

fields! {
    OrderNumber "order_number", "采购订单号", "PO No", Head required,
        ["贵司的订单号;同一订单号的各行属于同一订单", "your own number; rows of one number are one order"],
        ["订单号", "采购订单编号", "订单编号", "采购单号", "单据编号", "单据号", "采购订单", "采购凭证", "PO Number", "PO #",
         "Purchase Order", "Purchase Order No", "Purchasing Document", "Order No", "Order Number", "EBELN", "PO"];
    VendorNumber "vendor_number", "供应商编码", "Vendor No", Head,
        ["贵司给供应商的编码;或填统一社会信用代码", "your number for the supplier; or give its unified social credit code"],
        ["供应商代码", "供应商编号", "供方编码", "供货单位编码", "Vendor", "Vendor Number", "Vendor Code",
         "Supplier No", "Supplier Number", "Supplier Code", "LIFNR"];
    Uscc "uscc", "统一社会信用代码", "USCC", Head rare,
        ["供应商的统一社会信用代码", "the supplier's unified social credit code"],
        ["供应商统一社会信用代码", "信用代码", "社会信用代码", "Unified Social Credit Code", "Supplier USCC"];
    SupplierName "supplier_name", "供应商名称", "Vendor Name", Head,
        ["邀请新供应商时使用", "used where a new supplier is invited"],
        ["供应商", "供方名称", "供货单位", "Supplier Name", "Supplier", "Name of Supplier", "Name of Vendor"];
    SourceSystem "source_system", "来源系统", "Source System", Head rare,
        ["编号的 ERP;集团有多套时填写", "the ERP that numbers the orders, where there are several"],
        ["账套", "账套号", "ERP System"];
    IssueDate "issue_date", "订单日期", "Order Date", Head,
        ["如 2026-12-28", "such as 2026-12-28"],
        ["单据日期", "下单日期", "采购日期", "凭证日期", "制单日期", "PO Date", "Issue Date", "Document Date", "Doc Date", "BEDAT"];
    Currency "currency", "币种", "Currency", Head,
        ["如 CNY、USD;人民币也可", "such as CNY or USD"],
        ["币别", "货币", "交易币种", "Curr", "Currency Code", "Crcy", "WAERS"];
    PriceIncludesTax "price_includes_tax", "含税", "Tax Included", Head required,
        ["单价是否含税:是 或 否;必须说明", "whether unit prices include tax: yes or no; must be said"],
        ["是否含税", "价格含税", "单价是否含税", "含税标志", "含税否", "Price Includes Tax", "Prices Include Tax", "Incl Tax"];
    PurchasingGroup "purchasing_group", "采购组", "Purchasing Group", Head rare,
        ["采购组或采购员", "the group or person that buys"],
        ["采购员", "业务员", "采购部门", "Purch Group", "Purch Grp", "Buyer", "EKGRP"];
    AgreementRef "agreement_ref", "合同号", "Agreement", Head rare,
        ["框架协议或合同的编号", "the number of the agreement"],
        ["协议号", "框架协议号", "合同编号", "Contract", "Contract No", "Outline Agreement", "KONNR"];
    PaymentTerms "payment_terms", "付款条件", "Payment Terms", Head rare,
        ["如 月结 60 天", "such as net 60 days"],
        ["付款条款", "付款方式", "账期", "Terms of Payment", "ZTERM"];
    OrderNote "order_note", "订单备注", "Order Note", Head rare,
        ["给供应商的整单说明", "to the supplier, about the whole order"],
        ["表头备注", "整单备注", "Header Note", "Header Text"];
    LineNumber "line_number", "行号", "Line", Line,
        ["订单内唯一;同一行号的多行是分批交货", "unique in the order; several rows of one line are deliveries of it"],
        ["行项目", "行项目号", "项次", "订单行号", "分录行号", "分录号", "Line No", "Line Number", "PO Line", "PO Item", "Item No",
         "Pos", "EBELP"];
    ScheduleLineNumber "schedule_line_number", "计划行号", "Schedule Line", Schedule rare,
        ["同一行号内的交货计划行;可不填", "counts the deliveries of a line; may be left out"],
        ["计划行", "交货计划行", "Sched Line", "Schedule Line No", "ETENR"];
    BuyerItemId "buyer_item_id", "物料编码", "Material", Line,
        ["贵司的物料编码,按文本填写", "your number for the item, as text"],
        ["物料代码", "物料号", "存货编码", "料号", "品号", "物料", "产品编码", "商品编码", "货号", "Material No", "Material Number",
         "Material Code", "Item Code", "Item Number", "Part Number", "Part No", "P/N", "PN", "MATNR"];
    SellerItemId "seller_item_id", "供应商物料编码", "Vendor Material", Line rare,
        ["供应商自己的物料编码", "the supplier's own number for the item"],
        ["供应商料号", "供方料号", "供应商存货编码", "Supplier Item", "Supplier Part No", "Vendor Material No", "Vendor Part No",
         "Supplier Material", "IDNLF"];
    ItemName "item_name", "物料名称", "Description", Line,
        ["物料的名称", "the item's name"],
        ["存货名称", "品名", "产品名称", "商品名称", "物料描述", "短文本", "货物名称", "名称", "Item Name", "Item Description",
         "Material Description", "Material Name", "Short Text", "Part Name", "TXZ01"];
    Specification "specification", "规格型号", "Specification", Line,
        ["规格、型号、图号", "size, model, drawing"],
        ["规格", "型号", "规格描述", "Spec", "Model"];
    ResourceRevision "resource_revision", "图纸修订", "Drawing Revision", Line rare,
        ["图纸的修订", "the released revision of the drawing"],
        ["图纸版本", "图纸版次", "图号版本", "Drawing Rev"];
    ReservationId "reservation_id", "产能预占", "Capacity Reservation", Line rare,
        ["该行使用的产能预占编号", "the id of the capacity reservation that the line uses"],
        ["产能预占号", "产能预占编号", "预占号", "Reservation", "Reservation ID"];
    Quantity "quantity", "数量", "Quantity", Schedule required,
        ["订购数量,不小于 0", "the ordered quantity, at least 0"],
        ["采购数量", "订单数量", "订货数量", "计划数量", "数量合计", "Qty", "Order Quantity", "Order Qty", "PO Quantity", "PO Qty", "MENGE"];
    Unit "unit", "单位", "Unit", Line,
        ["如 个、千克,或 H87、KGM", "such as pcs or kg, or H87 or KGM"],
        ["计量单位", "采购单位", "主计量", "主计量单位", "基本单位", "UoM", "Unit of Measure", "Order Unit", "OUn", "MEINS"];
    UnitPrice "unit_price", "单价", "Unit Price", Line,
        ["每单位的价格", "the price of a unit"],
        ["价格", "采购单价", "原币单价", "Price", "Net Order Price", "NETPR"];
    UnitPriceWithTax "unit_price_with_tax", "含税单价", "Unit Price Incl Tax", Line rare,
        ["代替单价:含税的单价", "instead of the unit price: with tax"],
        ["单价(含税)", "原币含税单价", "含税价", "含税价格", "Price Incl Tax", "Gross Unit Price", "Gross Price"];
    UnitPriceWithoutTax "unit_price_without_tax", "不含税单价", "Unit Price Excl Tax", Line rare,
        ["代替单价:不含税的单价", "instead of the unit price: without tax"],
        ["未税单价", "无税单价", "原币无税单价", "单价(不含税)", "不含税价", "Net Unit Price", "Net Price", "Price Excl Tax"];
    BaseQuantity "base_quantity", "价格数量", "Price Per", Line rare,
        ["单价对应的数量,如每 1000;不填为 1", "the quantity that the price is for, such as 1000; 1 if left out"],
        ["价格单位", "每数量", "计价数量", "Price Unit", "Per", "PEINH"];
    TaxRate "tax_rate", "税率", "Tax Rate", Line,
        ["如 13%", "such as 13%"],
        ["税率%", "税率(%)", "增值税率", "VAT", "VAT %", "VAT Rate", "Tax %"];
    RequestedDate "requested_date", "要求交期", "Requested Date", Schedule,
        ["要求到货日,如 2026-12-28", "the day on which it shall arrive, such as 2026-12-28"],
        ["要求到货日", "要求到货日期", "要求交货日期", "交货日期", "计划到货日期", "到货日期", "需求日期", "交期", "交货期", "Delivery Date",
         "Requested Delivery Date", "Required Date", "Due Date", "Deliv Date", "EINDT"];
    ShipToSite "ship_to_site", "收货工厂", "Plant", Schedule,
        ["收货地点在平台的编码", "the code of the site that it goes to"],
        ["工厂", "收货地点", "收货组织", "到货工厂", "收货仓库", "仓库", "Ship To", "Ship-to", "Site", "Site Code", "WERKS"];
    LineNote "line_note", "备注", "Remark", Line,
        ["给供应商的行说明", "to the supplier, about the line"],
        ["行备注", "说明", "Remarks", "Note", "Notes", "Comment", "Item Text"];
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::sheet::columns::normalised;

    #[test]
    fn no_heading_means_two_fields() {
        let mut owners: HashMap<String, Field> = HashMap::new();
        for known in ALL {
            for heading in [known.zh, known.en].into_iter().chain(known.synonyms.iter().copied()) {
                let before = owners.insert(normalised(heading), known.field);
                assert!(
                    before.is_none_or(|before| before == known.field),
                    "{heading}: {before:?} and {:?}",
                    known.field
                );
            }
        }
    }

    #[test]
    fn every_field_is_found_by_itself_and_by_its_name() {
        for known in ALL {
            assert_eq!(super::known(known.field).name, known.name);
            assert_eq!(named(known.name), Some(known.field));
            assert!(known.hint(Language::Zh) != known.hint(Language::En));
        }
    }
}
