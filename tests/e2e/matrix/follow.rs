//! Rows of what follows an order.

use harness::request_id;
use proto::orders::{
    CountWorkingDaysRequest, GetCalendarRequest, GetTermsRequest, ListTermsRequest, SetCalendarRequest,
    SetTermsRequest, Terms, WorkCalendar,
};

use super::{
    cast::Side,
    rows::{Row, build, either, list, named, object, own, plain, shared},
};

/// The row of a method of these services.
pub(super) fn row(method: &str) -> Option<Row> {
    terms(method).or_else(|| calendars(method))
}

fn terms(method: &str) -> Option<Row> {
    Some(match method {
        // About a supplier of the buyer alone.
        "SetTerms" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let supplier_id = either(object, || cast.private.id.clone());
                let terms = Terms { supplier_id: supplier_id.clone(), ..Terms::default() };
                named(&supplier_id, SetTermsRequest { request_id: request_id(), terms: Some(terms) })
            }),
        ),
        "GetTerms" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let supplier_id = either(object, || cast.supplier.id.clone());
                let buyer_id = cast.buyer.id.clone();
                named(&supplier_id.clone(), GetTermsRequest { buyer_id, supplier_id })
            }),
        ),
        "ListTerms" => list(
            |cast| cast.private.id.clone(),
            false,
            build!(|cast, caller, _| {
                if caller == Side::Buyer {
                    let terms = Terms { supplier_id: cast.private.id.clone(), ..Terms::default() };
                    let request = SetTermsRequest { request_id: request_id(), terms: Some(terms) };
                    cast.buyer.terms().set_terms(request).await.expect("terms");
                }
                plain(ListTermsRequest { page_size: 1_000, ..Default::default() })
            }),
        ),
        _ => return None,
    })
}

fn calendars(method: &str) -> Option<Row> {
    Some(match method {
        "GetCalendar" => own(build!(|_, _, _| plain(GetCalendarRequest {}))),
        "SetCalendar" => own(build!(|_, _, _| plain(SetCalendarRequest {
            request_id: request_id(),
            calendar: Some(WorkCalendar { week_days: vec![1, 2, 3, 4, 5, 6], ..Default::default() }),
        }))),
        "CountWorkingDays" => own(build!(|_, _, _| plain(CountWorkingDaysRequest {
            from_date: Some(harness::date("2026-09-30")),
            working_days: 3,
        }))),
        _ => return None,
    })
}
