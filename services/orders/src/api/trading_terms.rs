//! Terms and working calendars.

use chassis::{caller, service::Deps};
use proto::orders::{
    CountWorkingDaysRequest, CountWorkingDaysResponse, EffectiveTerms, GetCalendarRequest, GetTermsRequest,
    ListTermsRequest, ListTermsResponse, SetCalendarRequest, SetTermsRequest, Terms, WorkCalendar,
    calendar_service_server::CalendarService, terms_service_server::TermsService,
};
use tonic::{Request, Response, Status};

use crate::{
    commands::{Single, trading_terms as commands},
    convert::trading_terms as convert,
    queries::trading_terms as queries,
};

/// What the methods work with.
pub(crate) struct TermsApi {
    pub deps: Deps,
}

#[tonic::async_trait]
impl TermsService for TermsApi {
    async fn set_terms(&self, request: Request<SetTermsRequest>) -> Result<Response<Terms>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let method = "tandem.orders.v1.TermsService/SetTerms";
        let command = Single::of(&self.deps, &caller, method, &request.request_id, &request)?;
        let (terms, version) = convert::terms(request.terms.as_ref(), caller.firm)?;
        Ok(Response::new(commands::set_terms(&command, terms, version).await?))
    }

    async fn get_terms(&self, request: Request<GetTermsRequest>) -> Result<Response<EffectiveTerms>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::get_terms(&self.deps, &caller, request.get_ref()).await?))
    }

    async fn list_terms(
        &self,
        request: Request<ListTermsRequest>,
    ) -> Result<Response<ListTermsResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::list_terms(&self.deps, &caller, request.get_ref()).await?))
    }
}

#[tonic::async_trait]
impl CalendarService for TermsApi {
    async fn get_calendar(
        &self,
        request: Request<GetCalendarRequest>,
    ) -> Result<Response<WorkCalendar>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::get_calendar(&self.deps, &caller).await?))
    }

    async fn set_calendar(
        &self,
        request: Request<SetCalendarRequest>,
    ) -> Result<Response<WorkCalendar>, Status> {
        let caller = caller::of(&request)?;
        let request = request.into_inner();
        let method = "tandem.orders.v1.CalendarService/SetCalendar";
        let command = Single::of(&self.deps, &caller, method, &request.request_id, &request)?;
        let (calendar, version) = convert::calendar(request.calendar)?;
        Ok(Response::new(commands::set_calendar(&command, calendar, version).await?))
    }

    async fn count_working_days(
        &self,
        request: Request<CountWorkingDaysRequest>,
    ) -> Result<Response<CountWorkingDaysResponse>, Status> {
        let caller = caller::of(&request)?;
        Ok(Response::new(queries::count_working_days(&self.deps, &caller, request.get_ref()).await?))
    }
}
