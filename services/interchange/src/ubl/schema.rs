//! The order in which UBL wants the children of the elements that a canonical order renders (UBL 2.5, of which
//! the sequences of 2.0 to 2.4 are parts). Other elements keep the order that they came in.

use super::tree::{Element, Ns};

/// Puts the children of known elements in the order of the schema; others stay as they are. Children of one name
/// keep their order among each other, and unknown children go last.
pub fn arrange(element: &mut Element<'_>) {
    if element.name.ns == Ns::Ext {
        return;
    }
    let container = element.name.local;
    let known =
        SEQUENCES.iter().find(|(names, _)| names.contains(&container)).map_or("", |(_, children)| children);
    if matches!(element.name.ns, Ns::Cac | Ns::Order) && !known.is_empty() {
        let rank = |child: &Element<'_>| match child.name.ns {
            Ns::Cac | Ns::Cbc | Ns::Ext => {
                known.split(' ').position(|name| name == child.name.local).unwrap_or(usize::MAX)
            }
            _ => usize::MAX,
        };
        element.children.sort_by_cached_key(rank);
    }
    element.children.iter_mut().for_each(arrange);
}

/// Elements with the names of their children, separated by spaces.
const SEQUENCES: [(&[&str], &str); 35] = [
    (
        &["Order"],
        "UBLExtensions UBLVersionID CustomizationID ProfileID ProfileExecutionID ID SalesOrderID \
         CopyIndicator UUID IssueDate IssueTime OrderTypeCode Note RequestedInvoiceCurrencyCode \
         DocumentCurrencyCode PricingCurrencyCode TaxCurrencyCode CustomerReference \
         AccountingCostCode AccountingCost LineCountNumeric ValidityPeriod QuotationDocumentReference \
         OrderDocumentReference OriginatorDocumentReference CatalogueReference \
         AdditionalDocumentReference Contract ProjectReference Signature BuyerCustomerParty \
         SellerSupplierParty OriginatorCustomerParty BeneficiaryParty FreightForwarderParty \
         AccountingCustomerParty Delivery DeliveryTerms PaymentMeans PaymentTerms \
         TransactionConditions AllowanceCharge TaxExchangeRate PricingExchangeRate \
         PaymentExchangeRate DestinationCountry TaxTotal AnticipatedMonetaryTotal OrderLine",
    ),
    (
        &["OrderLine"],
        "UBLExtensions SubstitutionStatusCode Note LineItem SellerProposedSubstituteLineItem \
         SellerSubstitutedLineItem BuyerProposedSubstituteLineItem CatalogueLineReference \
         QuotationLineReference OrderLineReference DocumentReference",
    ),
    (
        &["LineItem"],
        "UBLExtensions ID SalesOrderID UUID Note LineStatusCode Quantity LineExtensionAmount \
         TaxInclusiveLineExtensionAmount TotalTaxAmount MinimumQuantity MaximumQuantity \
         MinimumBackorderQuantity MaximumBackorderQuantity InspectionMethodCode \
         PartialDeliveryIndicator BackOrderAllowedIndicator AccountingCostCode AccountingCost \
         WarrantyInformation Delivery DeliveryTerms OriginatorParty BeneficiaryParty OrderedShipment \
         PricingReference AllowanceCharge Price Item SubLineItem WarrantyValidityPeriod WarrantyParty \
         TaxTotal ItemPriceExtension LineReference",
    ),
    (
        &["BuyerCustomerParty", "OriginatorCustomerParty", "AccountingCustomerParty"],
        "UBLExtensions CustomerAssignedAccountID SupplierAssignedAccountID AdditionalAccountID Party \
         DeliveryContact AccountingContact BuyerContact",
    ),
    (
        &["SellerSupplierParty"],
        "UBLExtensions CustomerAssignedAccountID AdditionalAccountID DataSendingCapability Party \
         DespatchContact AccountingContact SellerContact",
    ),
    (
        &["Party", "OriginatorParty", "DeliveryParty"],
        "UBLExtensions MarkCareIndicator MarkAttentionIndicator WebsiteURI LogoReferenceID EndpointID \
         IndustryClassificationCode PartyIdentification AdditionalPartyIdentification PartyName \
         TradePartyName Language PostalAddress PhysicalLocation PartyTaxScheme PartyLegalEntity \
         Contact Person AgentParty ServiceProviderParty PowerOfAttorney PartyAuthorization \
         FinancialAccount AdditionalWebSite SocialMediaProfile",
    ),
    (
        &["PartyTaxScheme"],
        "UBLExtensions RegistrationName CompanyID TaxLevelCode ExemptionReasonCode ExemptionReason \
         RegistrationAddress TaxScheme",
    ),
    (
        &["PartyLegalEntity"],
        "UBLExtensions RegistrationName CompanyID RegistrationDate RegistrationExpirationDate \
         CompanyLegalFormCode CompanyLegalForm SoleProprietorshipIndicator EntitySizeCode \
         CompanyLiquidationStatusCode CorporateStockAmount FullyPaidSharesIndicator \
         RegistrationAddress CorporateRegistrationScheme HeadOfficeParty ShareholderParty \
         SecurityListing",
    ),
    (&["TaxScheme"], "UBLExtensions ID Name TaxTypeCode CurrencyCode JurisdictionRegionAddress"),
    (
        &["PostalAddress", "Address", "DeliveryAddress"],
        "UBLExtensions ID AddressTypeCode AddressFormatCode Postbox Floor Room StreetName \
         AdditionalStreetName BlockName BuildingName BuildingNumber Description InhouseMail \
         Department MarkAttention MarkCare PlotIdentification CitySubdivisionName CityName PostalZone \
         CountrySubentity CountrySubentityCode Region District TimezoneOffset AddressLine Country \
         LocationCoordinate",
    ),
    (&["Country"], "UBLExtensions IdentificationCode Name"),
    (
        &["Contact"],
        "UBLExtensions ID Name JobTitle Department Telephone Telefax ElectronicMail Note \
         OtherCommunication",
    ),
    (
        &["Delivery"],
        "UBLExtensions ID Quantity MinimumQuantity MaximumQuantity ActualDeliveryDate \
         ActualDeliveryTime LatestDeliveryDate LatestDeliveryTime ReleaseID TrackingID \
         DeliveryAddress DeliveryLocation AlternativeDeliveryLocation RequestedDeliveryPeriod \
         PromisedDeliveryPeriod EstimatedDeliveryPeriod CarrierParty DeliveryParty NotifyParty \
         Despatch DeliveryTerms MinimumDeliveryUnit MaximumDeliveryUnit Shipment FuelConsumption \
         DeliveryNoteDocumentReference DeliveryNoteLineReference",
    ),
    (
        &["DeliveryLocation"],
        "UBLExtensions ID Description Conditions CountrySubentity CountrySubentityCode \
         LocationTypeCode InformationURI Name ValidityPeriod Address Storage SubsidiaryLocation \
         LocationCoordinate",
    ),
    (
        &["RequestedDeliveryPeriod", "ValidityPeriod"],
        "UBLExtensions StartDate StartTime EndDate EndTime DurationMeasure DescriptionCode \
         Description",
    ),
    (
        &["DeliveryTerms"],
        "UBLExtensions ID SpecialTerms LossRiskResponsibilityCode LossRisk Amount DeliveryLocation \
         AllowanceCharge",
    ),
    (
        &["PaymentTerms"],
        "UBLExtensions ID PaymentMeansID PrepaidPaymentReferenceID Note ReferenceEventCode \
         SettlementDiscountPercent PenaltySurchargePercent PaymentPercent Amount \
         SettlementDiscountAmount PenaltyAmount PaymentTermsDetailsURI PaymentDueDate \
         InstallmentDueDate InvoicingPartyReference SettlementPeriod PenaltyPeriod \
         PenaltyInterestRate ExchangeRate ValidityPeriod",
    ),
    (
        &["AllowanceCharge"],
        "UBLExtensions ID ChargeIndicator AllowanceChargeReasonCode AllowanceChargeReason \
         MultiplierFactorNumeric PrepaidIndicator SequenceNumeric Amount TaxInclusiveAmount \
         BaseAmount AccountingCostCode AccountingCost PerUnitAmount TaxCategory TaxTotal PaymentMeans",
    ),
    (
        &["TaxCategory", "ClassifiedTaxCategory"],
        "UBLExtensions ID Name Percent BaseUnitMeasure PerUnitAmount TaxExemptionReasonCode \
         TaxExemptionReason TierRange TierRatePercent SupplyTypeCode TaxScheme",
    ),
    (
        &["TaxTotal"],
        "UBLExtensions TaxAmount CalculationSequenceNumeric RoundingAmount TaxEvidenceIndicator \
         TaxIncludedIndicator TaxSubtotal",
    ),
    (
        &["AnticipatedMonetaryTotal"],
        "UBLExtensions LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount AllowanceTotalAmount \
         AllowanceTotalTaxInclusiveAmount ChargeTotalAmount ChargeTotalTaxInclusiveAmount \
         WithholdingTaxTotalAmount PrepaidAmount PayableRoundingAmount PayableAmount \
         PayableAlternativeAmount",
    ),
    (
        &["Item"],
        "UBLExtensions Description PackQuantity PackSizeNumeric CatalogueIndicator Name ItemTypeCode \
         HazardousRiskIndicator AdditionalInformation Keyword BrandName ModelName WarrantyInformation \
         LifecycleStageCode LifecycleStageDescription BuyersItemIdentification \
         SellersItemIdentification ManufacturersItemIdentification StandardItemIdentification \
         CatalogueItemIdentification AdditionalItemIdentification CatalogueDocumentReference \
         ItemSpecificationDocumentReference OriginCountry CommodityClassification \
         TransactionConditions HazardousItem ClassifiedTaxCategory AdditionalItemProperty \
         ManufacturerParty InformationContentProviderParty OriginAddress ItemInstance Certificate \
         EnvironmentalCertificate Dimension EnvironmentalEmission CircularityProfile",
    ),
    (
        &[
            "BuyersItemIdentification",
            "SellersItemIdentification",
            "ManufacturersItemIdentification",
            "StandardItemIdentification",
            "AdditionalItemIdentification",
        ],
        "UBLExtensions ID ExtendedID BarcodeSymbologyID IssuerScopeID PhysicalAttribute \
         MeasurementDimension IssuerParty",
    ),
    (
        &["CommodityClassification"],
        "UBLExtensions NatureCode CargoTypeCode CommodityCode ItemClassificationCode",
    ),
    (
        &["AdditionalItemProperty"],
        "UBLExtensions ID Name NameCode TestMethod Value ValueQuantity ValueQualifier ImportanceCode \
         ListValue UsabilityPeriod ItemPropertyGroup RangeDimension ItemPropertyRange \
         StandardPropertyIdentification SubItemProperty",
    ),
    (
        &["Price"],
        "UBLExtensions PriceAmount TaxInclusivePriceAmount BaseQuantity PriceChangeReason \
         PriceTypeCode PriceType OrderableUnitFactorRate ValidityPeriod PriceList AllowanceCharge \
         PricingExchangeRate AlternativeCurrencyPrice",
    ),
    (
        &[
            "DocumentReference",
            "QuotationDocumentReference",
            "OrderDocumentReference",
            "OriginatorDocumentReference",
            "AdditionalDocumentReference",
        ],
        "UBLExtensions ID CopyIndicator UUID IssueDate IssueTime DocumentTypeCode DocumentType XPath \
         ReferencedDocumentInternalAddress LanguageID LocaleCode VersionID DocumentStatusCode \
         DocumentDescription Attachment ValidityPeriod IssuerParty ResultOfVerification",
    ),
    (
        &["Attachment"],
        "UBLExtensions EmbeddedDocumentBinaryObject EmbeddedDocument FileName ExternalReference",
    ),
    (
        &["ExternalReference"],
        "UBLExtensions URI DocumentHash HashAlgorithmMethod ExpiryDate ExpiryTime MimeCode FormatCode \
         EncodingCode CharacterSetCode FileName Description",
    ),
    (
        &["CatalogueLineReference", "QuotationLineReference"],
        "UBLExtensions LineID UUID LineStatusCode DocumentReference",
    ),
    (&["OrderLineReference"], "UBLExtensions LineID SalesOrderLineID UUID LineStatusCode OrderReference"),
    (
        &["CatalogueReference"],
        "UBLExtensions ID UUID IssueDate IssueTime RevisionDate RevisionTime Note Description \
         VersionID PreviousVersionID",
    ),
    (
        &["Contract"],
        "UBLExtensions ID IssueDate IssueTime NominationDate NominationTime ContractTypeCode \
         ContractType Note VersionID ModificationReasonCode ModificationReasonDescription Description \
         ValidityPeriod ContractDocumentReference NominationPeriod ContractualDelivery",
    ),
    (
        &["OrderReference"],
        "UBLExtensions ID SalesOrderID CopyIndicator UUID IssueDate IssueTime CustomerReference \
         OrderTypeCode DocumentReference",
    ),
    (&["ProjectReference"], "UBLExtensions ID UUID IssueDate WorkPhaseReference"),
];
