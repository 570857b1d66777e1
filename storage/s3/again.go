package s3

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// beganKey is where the context of an operation has the time at which it began.
type beganKey struct{}

// tryStep names the step that sees each try.
const tryStep = "dtoolTry"

// sayAgain adds to the steps of every operation what logs, at the level Info, that a
// request is made again: somebody waits meanwhile. The SDK retries between the two
// steps, so that the second one sees each try.
func (s *Store) sayAgain(stack *middleware.Stack) error {
	begin := middleware.InitializeMiddlewareFunc("dtoolBegin", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		return next.HandleInitialize(middleware.WithStackValue(ctx, beganKey{}, time.Now()), in)
	})
	try := middleware.FinalizeMiddlewareFunc(tryStep, func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleFinalize(ctx, in)
		if req, ok := in.Request.(*smithyhttp.Request); ok && err != nil {
			s.logAgain(ctx, req, err)
		}
		return out, metadata, err
	})
	if err := stack.Initialize.Add(begin, middleware.Before); err != nil {
		return err
	}
	return stack.Finalize.Insert(try, "Retry", middleware.After)
}

// logAgain logs a try that failed, if another one follows.
func (s *Store) logAgain(ctx context.Context, req *smithyhttp.Request, err error) {
	text, _ := tryOf(req.Request)
	try, _ := strconv.Atoi(text)
	if ctx.Err() != nil || try >= s.retryer.MaxAttempts() || !s.retryer.IsErrorRetryable(err) {
		return
	}
	began, _ := middleware.GetStackValue(ctx, beganKey{}).(time.Time)
	s.log.LogAttrs(ctx, slog.LevelInfo, awsmiddleware.GetOperationName(ctx)+" is asked again after "+understand(err).brief(),
		slog.String("try", fmt.Sprintf("%d of %d", try+1, s.retryer.MaxAttempts())), slog.Duration("waited", time.Since(began)))
}

// brief says what came of a try in few words: "503 SlowDown".
func (f *failure) brief() string {
	switch {
	case f.status == 0:
		return f.message
	case f.code != "":
		return fmt.Sprintf("%d %s", f.status, f.code)
	}
	return fmt.Sprintf("%d: %s", f.status, f.message)
}
